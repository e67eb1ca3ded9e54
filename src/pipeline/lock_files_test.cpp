#include <fmt/core.h>

#include <set>

#include "pipeline/golden_test.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::pipeline {
namespace {

class LockFilesTest : public testing::Test {
 protected:
  LockFilesTest() : folder_(codec::Json()), place_{.root = folder_.root()} {}

  static Stage Ran(int number, const std::string& command = "true") {
    Stage stage;
    stage.file = "dvc.yaml";
    stage.name = fmt::format("s{}", number);
    stage.cmd = command;
    return stage;
  }
  // What the file must hold after these.
  static std::string Text(const std::vector<Stage>& stages) {
    DvcLock lock;
    for (const Stage& stage : stages) lock.Put(stage);
    return lock.Text();
  }
  std::uint64_t Inode() const { return os::Stat(folder_.root() / "dvc.lock")->inode; }

  GoldenFolder folder_;
  Place place_;
};

TEST_F(LockFilesTest, AFileThatGrowsIsWholeAfterEveryStageAndSeldomReplaced) {
  LockFiles locks(place_);
  std::vector<Stage> stages;
  std::set<std::uint64_t> inodes;
  for (int i = 0; i < 500; ++i) {
    stages.push_back(Ran(i));
    ASSERT_TRUE(locks.Put(stages.back()));
    ASSERT_EQ(folder_.Read("dvc.lock"), Text(stages));
    inodes.insert(Inode());
  }
  EXPECT_LT(inodes.size(), 10U);  // 500 entries of 20 bytes fill 3 pages
  ASSERT_TRUE(locks.Finish());
  EXPECT_EQ(folder_.Read("dvc.lock"), Text(stages));
}

TEST_F(LockFilesTest, AnEntryThatIsThereIsReplaced) {
  LockFiles locks(place_);
  ASSERT_TRUE(locks.Put(Ran(0)) && locks.Put(Ran(1)) && locks.Put(Ran(0, "false")) && locks.Put(Ran(2)));
  EXPECT_EQ(folder_.Read("dvc.lock"), Text({Ran(0, "false"), Ran(1), Ran(2)}));
  const Stage again = Ran(1, "again"), fresh = Ran(3);
  ASSERT_TRUE(locks.PutAll({&fresh, &again}));
  EXPECT_EQ(folder_.Read("dvc.lock"), Text({Ran(0, "false"), again, Ran(2), fresh}));
}

TEST_F(LockFilesTest, WhatOthersWroteMeanwhileStays) {
  LockFiles locks(place_);
  ASSERT_TRUE(locks.Put(Ran(0)) && locks.Put(Ran(1)));
  folder_.Write("dvc.lock", Text({Ran(0), Ran(1), Ran(7)}));
  ASSERT_TRUE(locks.Put(Ran(2)));
  EXPECT_EQ(folder_.Read("dvc.lock"), Text({Ran(0), Ran(1), Ran(7), Ran(2)}));
  ASSERT_TRUE(os::Remove(folder_.root() / "dvc.lock"));
  EXPECT_TRUE(locks.Finish());  // whoever removed it wanted it so
  EXPECT_EQ(folder_.Read("dvc.lock"), "<none>");
}

// Of a file that grew a power cut may leave zero bytes.
TEST_F(LockFilesTest, ZeroBytesAtTheEndAreLeftOut) {
  const std::string zeros(100, '\0'), whole = Text({Ran(0), Ran(1)});
  EXPECT_FALSE(DvcLock::Parse(whole + zeros, "dvc.lock", place_).ok());
  const auto names = [&](const std::string& text) {
    const Result<DvcLock> lock = DvcLock::ParseCut(text + zeros, "dvc.lock", place_);
    return lock && lock->WasCut() ? lock->Names() : std::vector<std::string>{"no lock"};
  };
  EXPECT_EQ(names(whole), (std::vector<std::string>{"s0", "s1"}));
  EXPECT_EQ(names(whole.substr(0, whole.find("s1:") + 2)), std::vector<std::string>{"s0"});
  EXPECT_EQ(names(""), std::vector<std::string>());
  folder_.Write("dvc.lock", whole + zeros);
  LockFiles locks(place_);
  ASSERT_TRUE(locks.Put(Ran(2)));
  EXPECT_EQ(folder_.Read("dvc.lock"), Text({Ran(0), Ran(1), Ran(2)}));
}

// A file of another form is written whole before anything is added to it.
TEST_F(LockFilesTest, AFileWithCommentsKeepsThem) {
  folder_.Write("dvc.lock", "# mine\nschema: '2.0'\nstages:\n  s0:\n    cmd: echo\n");
  LockFiles locks(place_);
  ASSERT_TRUE(locks.Put(Ran(1)) && locks.Put(Ran(2)));
  const std::string text = folder_.Read("dvc.lock");
  EXPECT_TRUE(text.starts_with("# mine\n")) << text;
  EXPECT_EQ(DvcLock::Parse(text, "dvc.lock", place_)->Names(), (std::vector<std::string>{"s0", "s1", "s2"}));
}

}  // namespace
}  // namespace mlean::pipeline

#include "flows/data/compare_data.hpp"

#include <algorithm>
#include <map>

#include "os/files.hpp"
#include "pipeline/source.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// A project of .dvc files only: {"data": "<md5>.dir"} is data.dvc.
class FakeProject {
 public:
  explicit FakeProject(const std::map<std::string, std::string>& outs)
      : folder_(*os::TempDir::Make("compare")), source_(folder_.path()), index_(source_, {.place = {.root = folder_.path()}}) {
    for (const auto& [location, hash] : outs) {
      const fs::path file = folder_.path() / (location + ".dvc");
      EXPECT_TRUE(os::MakeDirs(file.parent_path()));
      const std::string name = fs::path(location).filename().string();
      EXPECT_TRUE(os::WriteFileAtomic(file, "outs:\n- md5: '" + hash + "'\n  hash: md5\n  path: " + name + "\n"));
    }
    Result<DataView> view = DataView::OfStages(index_);
    EXPECT_TRUE(view) << view.error().what;
    if (view) view_ = *std::move(view);
  }
  const DataView& view() const { return view_; }

 private:
  os::TempDir folder_;
  pipeline::WorkTree source_;
  pipeline::Index index_;
  DataView view_;
};

std::string Md5(char digit) { return std::string(32, digit); }
std::string Dir(char digit) { return Md5(digit) + ".dir"; }

std::vector<std::string> Told(const FakeProject& before, const FakeProject& after, CompareOptions options) {
  DataComparison comparison(before.view(), after.view(), std::move(options));
  std::vector<std::string> told;
  constexpr const char* kNames[] = {"added", "deleted", "modified", "unchanged", "unknown", "renamed"};
  EXPECT_TRUE(comparison.Run([&](const DataChange& change) {
    told.push_back(std::string(kNames[static_cast<int>(change.kind)]) + " " + change.Shown());
  }));
  return told;
}

using Lines = std::vector<std::string>;

TEST(CompareData, OutputsByPath) {
  const FakeProject before({{"a", Md5('1')}, {"b/c", Md5('2')}, {"d", Dir('3')}, {"e", Md5('4')}});
  const FakeProject after({{"a", Md5('1')}, {"b/c", Md5('5')}, {"d", Dir('3')}, {"f", Md5('4')}});
  EXPECT_EQ(Told(before, after, {.granular = false}), (Lines{"modified b/c", "deleted e", "added f"}));
  EXPECT_EQ(Told(before, after, {.granular = false, .unchanged = true}),
            (Lines{"unchanged a", "modified b/c", "unchanged d/", "deleted e", "added f"}));
  EXPECT_EQ(Told(before, after, {.granular = false, .only = {"b", "f"}}), (Lines{"modified b/c", "added f"}));
}

TEST(CompareData, FolderThatHoldsOutputsNow) {
  const FakeProject before({{"d", Dir('1')}});
  const FakeProject after({{"d/a", Md5('2')}, {"d/b", Dir('3')}});
  // By hashes the folder is gone; by entries it is still there.
  EXPECT_EQ(Told(before, after, {.granular = false, .hash_only = true}), (Lines{"deleted d/", "added d/a", "added d/b/"}));
  EXPECT_EQ(Told(before, after, {.granular = false}), (Lines{"added d/a", "added d/b/"}));
}

TEST(CompareData, UnknownFoldersSayNothingOfTheirFiles) {
  const FakeProject before({{"d", Dir('1')}});
  const FakeProject after({{"d", Dir('2')}});
  EXPECT_EQ(Told(before, after, {}), (Lines{"modified d/"}));
}

TEST(FindRenames, FirstOfEqualContent) {
  const FakeProject before({{"a", Md5('1')}, {"b", Md5('1')}, {"c", Md5('2')}});
  const FakeProject after({{"c", Md5('3')}, {"x", Md5('1')}, {"y", Md5('4')}});
  DataComparison comparison(before.view(), after.view(), {});
  std::deque<DataChange> found;
  ASSERT_TRUE(comparison.Run([&](const DataChange& change) { found.push_back(change); }));
  FindRenames(found);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].Path(), "c");
  EXPECT_EQ(found[1].kind, DataChangeKind::kRenamed);
  EXPECT_EQ(found[1].OldShown() + " -> " + found[1].Shown(), "a -> x");
  EXPECT_EQ(found[2].Path(), "y");
  EXPECT_EQ(found[3].kind, DataChangeKind::kDeleted);
  EXPECT_EQ(found[3].Path(), "b");
}

TEST(FindRenames, EqualContentsGoByPath) {
  const FakeProject before({{"b/two", Md5('1')}, {"b/ten", Md5('1')}, {"a", Md5('1')}, {"k", Md5('5')}});
  const FakeProject after(
      {{"z", Md5('1')}, {"yy", Md5('1')}, {"yak", Md5('5')}, {"new", Md5('6')}, {"w", Md5('1')}, {"x", Md5('1')}});
  DataComparison comparison(before.view(), after.view(), {});
  std::deque<DataChange> found;
  ASSERT_TRUE(comparison.Run([&](const DataChange& change) { found.push_front(change); }));
  FindRenames(found);
  Lines told;
  for (const DataChange& one : found) {
    told.push_back(one.kind == DataChangeKind::kRenamed ? one.OldShown() + " -> " + one.Shown() : one.Shown());
  }
  EXPECT_EQ(told, (Lines{"new", "a -> w", "b/ten -> x", "k -> yak", "b/two -> yy", "z"}));
}

TEST(PathPartsLess, WhatIsInAFolderFollowsIt) {
  std::vector<std::string> paths = {"a.x", "a/b", "a", "a-", "a/b/c", "a/b.c"};
  std::sort(paths.begin(), paths.end(), PathPartsLess());
  EXPECT_EQ(paths, (Lines{"a", "a/b", "a/b/c", "a/b.c", "a-", "a.x"}));
}

}  // namespace
}  // namespace mlean::flows

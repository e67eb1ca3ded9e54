#include "flows/data/compare_data.hpp"

#include <algorithm>
#include <map>

#include "os/files.hpp"
#include "pipeline/source.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// A project of .dvc files only: {"data": "<md5>.dir"} is data.dvc; `listed`: the files of folders.
class FakeProject {
 public:
  using Files = std::map<std::string, std::string>;
  explicit FakeProject(const Files& outs, const std::map<std::string, Files>& listed = {})
      : folder_(*os::TempDir::Make("compare")), source_(folder_.path()), index_(source_, {.place = {.root = folder_.path()}}) {
    for (const auto& [location, hash] : outs) {
      const fs::path file = folder_.path() / (location + ".dvc");
      EXPECT_TRUE(os::MakeDirs(file.parent_path()));
      const std::string name = fs::path(location).filename().string();
      std::string text = "outs:\n- md5: '" + hash + "'\n  hash: md5\n  path: " + name + "\n";
      if (const auto files = listed.find(location); files != listed.end()) {
        text += "  files:\n";
        for (const auto& [path, md5] : files->second) text += "  - relpath: " + path + "\n    md5: '" + md5 + "'\n";
      }
      EXPECT_TRUE(os::WriteFileAtomic(file, text));
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

// What differs, renames found; the comparison must stay.
DataChanges Changes(DataComparison& comparison) {
  DataChanges changes;
  EXPECT_TRUE(comparison.Run([&](const DataChange& change) { changes.Add(change); }));
  changes.FindRenames();
  return changes;
}

Lines Shown(const DataChanges& changes) {
  Lines shown;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const bool renamed = changes[i].kind == DataChangeKind::kRenamed;
    shown.push_back((renamed ? changes[i].before.Shown() + " -> " : "") + changes[i].Shown());
  }
  return shown;
}

TEST(FindRenames, FirstOfEqualContent) {
  const FakeProject before({{"a", Md5('1')}, {"b", Md5('1')}, {"c", Md5('2')}});
  const FakeProject after({{"c", Md5('3')}, {"x", Md5('1')}, {"y", Md5('4')}});
  DataComparison comparison(before.view(), after.view(), {});
  const DataChanges changes = Changes(comparison);
  EXPECT_EQ(Shown(changes), (Lines{"c", "a -> x", "y", "b"}));
  EXPECT_EQ(changes[0].kind, DataChangeKind::kModified);
  EXPECT_EQ(changes[3].kind, DataChangeKind::kDeleted);
}

TEST(FindRenames, EqualContentsGoByPath) {
  const FakeProject before({{"b/two", Md5('1')}, {"b/ten", Md5('1')}, {"a", Md5('1')}, {"k", Md5('5')}});
  const FakeProject after(
      {{"z", Md5('1')}, {"yy", Md5('1')}, {"yak", Md5('5')}, {"new", Md5('6')}, {"w", Md5('1')}, {"x", Md5('1')}});
  DataComparison comparison(before.view(), after.view(), {});
  EXPECT_EQ(Shown(Changes(comparison)), (Lines{"new", "a -> w", "b/ten -> x", "k -> yak", "b/two -> yy", "z"}));
}

// Contents that begin alike are told apart.
TEST(FindRenames, BetweenFilesOfFoldersAndOutputs) {
  const std::string almost = std::string(31, '1') + "2";
  const FakeProject before({{"a", Md5('1')}, {"b", almost}, {"c", Md5('5')}});
  const FakeProject after({{"d", Dir('9')}}, {{"d", {{"x/1", almost}, {"x/2", Md5('1')}, {"y", Md5('6')}}}});
  DataComparison comparison(before.view(), after.view(), {});
  EXPECT_EQ(Shown(Changes(comparison)), (Lines{"d/", "b -> d/x/1", "a -> d/x/2", "d/y", "c"}));
}

TEST(DataEntry, IsSortedAsItIsShown) {
  const FakeProject none({});
  const FakeProject project({{"d", Dir('1')}, {"d-e", Md5('2')}, {"d.f", Md5('3')}},
                            {{"d", {{"a/b", Md5('4')}, {"a-b", Md5('5')}, {"a", Md5('6')}, {"a.b", Md5('7')}}}});
  DataComparison comparison(none.view(), project.view(), {});
  std::vector<DataEntry> entries;
  ASSERT_TRUE(comparison.Run([&](const DataChange& change) { entries.push_back(change.after); }));
  std::reverse(entries.begin(), entries.end());
  std::sort(entries.begin(), entries.end(), ShownLess);
  Lines shown;
  for (const DataEntry& entry : entries) shown.push_back(entry.Shown());
  EXPECT_EQ(shown, (Lines{"d-e", "d.f", "d/", "d/a", "d/a-b", "d/a.b", "d/a/b"}));
}

TEST(PathPartsLess, WhatIsInAFolderFollowsIt) {
  std::vector<std::string> paths = {"a.x", "a/b", "a", "a-", "a/b/c", "a/b.c"};
  std::sort(paths.begin(), paths.end(), PathPartsLess());
  EXPECT_EQ(paths, (Lines{"a", "a/b", "a/b/c", "a/b.c", "a-", "a.x"}));
}

}  // namespace
}  // namespace mlean::flows

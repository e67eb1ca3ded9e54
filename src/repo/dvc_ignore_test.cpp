#include "repo/dvc_ignore.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "os/files.hpp"
#include "repo/code_points.hpp"
#include "repo/dvc_error.hpp"
#include "repo/dvc_pattern.hpp"
#include "repo/ignore_paths.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;
using codec::Json;

std::vector<Json> ReadGolden(std::string_view name) {
  const std::string text = *os::ReadFile(fs::path(MLEAN_SOURCE_DIR) / "tests/golden/repo" / name);
  std::vector<Json> lines;
  for (const std::string& line : Split(text, '\n')) {
    if (!line.empty()) lines.push_back(*Json::Parse(line, {.surrogate_escape = true}));
  }
  return lines;
}

bool Matches(const DvcPattern& pattern, std::string_view path) {
  std::vector<GlobMachine::Word> states(pattern.machine.words());
  return pattern.machine.Start(states) || pattern.machine.Run(states, Decode(path));
}

// Random patterns on random paths as pathspec's regular expressions judge them; tests/golden/repo/make_ignore.py.
TEST(DvcPattern, MatchesAsPathspec) {
  int judged = 0;
  for (const Json& line : ReadGolden("ignore_patterns.jsonl")) {
    const std::string text = *line.StringAt("pattern");
    const Result<std::optional<DvcPattern>> pattern = CompileDvcPattern(text);
    if (const Json* error = line.Find("error")) {
      ASSERT_FALSE(pattern) << text;
      EXPECT_EQ(pattern.error().what, "unexpected error - " + error->AsString());
      EXPECT_EQ(UncaughtFailure(pattern.error()).exit, kDvcFailedExit);
      continue;
    }
    ASSERT_TRUE(pattern) << text << ": " << pattern.error().what;
    ASSERT_EQ(!pattern->has_value(), line.Find("none") != nullptr) << text;
    if (!*pattern) continue;
    EXPECT_EQ((*pattern)->ignores, *line.BoolAt("ignores")) << text;
    EXPECT_EQ((*pattern)->only_folders, *line.BoolAt("folders")) << text;
    for (const auto& [path, matches] : line.Find("paths")->AsObject()) {
      ++judged;
      EXPECT_EQ(Matches(**pattern, path), matches.AsBool()) << "'" << text << "' on '" << path << "'";
    }
  }
  EXPECT_GT(judged, 10'000);
}

// Walks the tree with IgnoreFolder and says whether it meets the path.
bool Walks(const DvcIgnore& ignore, const std::string& path, bool is_dir) {
  IgnoreFolderPtr at = ignore.Root();
  const std::vector<std::string> parts = Split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (at->Ignores(parts[i], is_dir || i + 1 < parts.size())) return false;
    at = *at->Enter(parts[i]);
  }
  return true;
}

// Random trees as DVC's own filter sees them.
TEST(DvcIgnore, SeesTreesAsDvc) {
  int hidden = 0;
  for (const Json& line : ReadGolden("ignore_trees.jsonl")) {
    const os::TempDir temp = *os::TempDir::Make();
    for (const Json& entry : line.Find("entries")->AsArray()) {
      const fs::path path = temp.path() / entry.AsArray()[0].AsString();
      ASSERT_TRUE(os::MakeDirs(entry.AsArray()[1].AsBool() ? path : path.parent_path()));
    }
    for (const auto& [path, text] : line.Find("files")->AsObject()) {
      ASSERT_TRUE(os::WriteFileAtomic(temp.path() / path, text.AsString(), {.sync = false}));
    }
    for (const Json& path : line.Find("subrepos")->AsArray()) ASSERT_TRUE(os::MakeDirs(temp.path() / path.AsString() / ".dvc"));
    const DvcIgnore ignore = *DvcIgnore::Open(temp.path());
    const DvcIgnore all = *DvcIgnore::Open(temp.path(), IgnoreScope::kWithSubrepos);
    IgnorePaths paths(ignore, "");
    for (const Json& entry : line.Find("entries")->AsArray()) {
      const std::string& path = entry.AsArray()[0].AsString();
      const bool is_dir = entry.AsArray()[1].AsBool();
      const bool expected = entry.AsArray()[2].AsBool();
      hidden += expected ? 1 : 0;
      EXPECT_EQ(*ignore.Ignored(path, is_dir), expected) << path << "\n" << line.Dump();
      EXPECT_EQ(*all.Ignored(path, is_dir), entry.AsArray()[3].AsBool()) << path << "\n" << line.Dump();
      EXPECT_EQ(Walks(ignore, path, is_dir), !expected) << path << "\n" << line.Dump();
      EXPECT_EQ(*paths.Has(path, is_dir), expected) << path << "\n" << line.Dump();
      const IgnoreMatch match = *ignore.Check(path, is_dir);
      Json::Array rules;
      for (const std::string& rule : match.rules) rules.emplace_back(rule);
      EXPECT_EQ(match.ignored, expected) << path << "\n" << line.Dump();
      EXPECT_EQ(Json(rules).Dump(), entry.AsArray()[4].Dump()) << path << "\n" << line.Dump();
    }
  }
  EXPECT_GT(hidden, 300);
}

TEST(DvcIgnore, HidesWhatIsAlwaysHidden) {
  const os::TempDir temp = *os::TempDir::Make();
  ASSERT_TRUE(os::MakeDirs(temp.path() / "sub/.dvc"));
  const DvcIgnore ignore = *DvcIgnore::Open(temp.path());
  for (const char* path : {".git", ".dvc", ".hg", "a/.git", "a/.dvc", "sub", "sub/x", ".git/x"})
    EXPECT_TRUE(*ignore.Ignored(path, true)) << path;
  for (const char* path : {"a", ".", "", "../x", ".dvcignore"}) EXPECT_FALSE(*ignore.Ignored(path, true)) << path;
  EXPECT_FALSE(*ignore.Ignored("a/.dvc", false));
  EXPECT_TRUE(*ignore.Ignored("a/.git", false));
  EXPECT_FALSE(*DvcIgnore::Open(temp.path(), IgnoreScope::kWithSubrepos)->Ignored("sub/x", false));
  EXPECT_EQ(ignore.Check("sub/x", false)->rules, std::vector<std::string>{"in sub_repo:sub"});
  EXPECT_EQ(ignore.Check("a/.git/x", false)->rules, std::vector<std::string>{":.git"});
}

TEST(IgnorePaths, JudgesBelowAFolderAndReadsEachFileOnce) {
  const os::TempDir temp = *os::TempDir::Make();
  const auto write = [&](std::string_view file, std::string_view text) {
    ASSERT_TRUE(os::MakeDirs((temp.path() / file).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(temp.path() / file, text, {.sync = false}));
  };
  write(".dvcignore", "/data/b\n*.tmp\nhidden\n");
  write("data/sub/.dvcignore", "x\n");
  const DvcIgnore ignore = *DvcIgnore::Open(temp.path());
  IgnorePaths data(ignore, "data");
  for (const char* path : {"b", "b/x", "sub/x", "sub/x/y", "deep/a.tmp", "hidden/y", "sub/hidden"})
    EXPECT_TRUE(*data.Has(path, false)) << path;
  for (const char* path : {"a", "x", "sub/y", "sub", "deep/er/x"}) EXPECT_FALSE(*data.Has(path, false)) << path;
  EXPECT_TRUE(*IgnorePaths(ignore, "data/b").Has("y", false));
  EXPECT_FALSE(*IgnorePaths(ignore, ".").Has("data/y", false));
  write("data/sub/.dvcignore", "y\n");
  EXPECT_FALSE(*data.Has("sub/y", false)) << "it was read again";
  EXPECT_TRUE(*IgnorePaths(ignore, "data").Has("sub/y", false));
  write("data/bad/.dvcignore", "\xff");
  EXPECT_FALSE(data.Has("bad/y", false));
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(*data.Has("f" + std::to_string(i) + "/x.tmp", false), true);
}

TEST(DvcIgnore, TellsBrokenFiles) {
  const os::TempDir temp = *os::TempDir::Make();
  ASSERT_TRUE(os::WriteFileAtomic(temp.path() / ".dvcignore", "a\n!\n"));
  EXPECT_EQ(DvcIgnore::Open(temp.path()).error().what, "unexpected error - Invalid git pattern: '!'");
  ASSERT_TRUE(os::WriteFileAtomic(temp.path() / ".dvcignore", "\xff"));
  EXPECT_FALSE(DvcIgnore::Open(temp.path()));
  ASSERT_TRUE(os::WriteFileAtomic(temp.path() / ".dvcignore", std::string(5000, '*')));
  EXPECT_EQ(DvcIgnore::Open(temp.path()).error().code, Code::kTooLarge);
}

// Patterns that take a backtracking matcher ages.
TEST(DvcIgnore, TakesLinearTime) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  const DvcPattern pattern = **CompileDvcPattern(stars + "b");
  EXPECT_FALSE(Matches(pattern, std::string(4000, 'a')));
  EXPECT_TRUE(Matches(pattern, std::string(4000, 'a') + "b"));
}

}  // namespace
}  // namespace mlean::repo

#include "repo/dvc_files.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "repo/git.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

class DvcFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CONFIG_HOME", (dir_ / "xdg").c_str(), 1);
    ::setenv("HOME", dir_.c_str(), 1);
    ASSERT_TRUE(os::MakeDirs(work_));
  }
  void Write(const fs::path& path, std::string_view text = "") {
    ASSERT_TRUE(os::MakeDirs((work_ / path).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(work_ / path, text, {.sync = false}));
  }
  std::string Text(const fs::path& path) { return *os::ReadFile(work_ / path); }
  // As found, of one folder sorted: the directory gives them in any order.
  std::vector<std::string> Walk(const DvcTree& tree, std::string_view output = "") {
    std::vector<std::string> seen;
    const Result<void> done = WalkDvcFiles(
        tree,
        [&](const std::string& path) -> Result<void> {
          seen.push_back(path);
          return {};
        },
        [&](const std::string& path) { return path != output; });
    EXPECT_TRUE(done) << done.error().what;
    std::sort(seen.begin(), seen.end());
    return seen;
  }
  using Paths = std::vector<std::string>;

  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = fs::canonical(temp_.path());
  fs::path work_ = dir_ / "w";
};

TEST(DvcFileName, IsDvcs) {
  for (const char* name : {"a.dvc", "x/a.dvc", "dvc.yaml", "a/dvc.yaml", ".dvc"}) EXPECT_TRUE(IsDvcFileName(name)) << name;
  for (const char* name : {"dvc.yml", "xdvc.yaml", "dvc.lock", "a.dvc/x", "a.dvcx", ""})
    EXPECT_FALSE(IsDvcFileName(name)) << name;
}

TEST_F(DvcFilesTest, SkipsWhatIsHidden) {
  for (const char* path :
       {"top.dvc", "dvc.yaml", "a/x.dvc", "a/b/dvc.yaml", "dvcign/x.dvc", "a/no.dvc", "gitign/x.dvc", "a/gitno.dvc", "out/x.dvc",
        "sub/.dvc/config", "sub/x.dvc", ".dvc/x.dvc", ".git/x.dvc", "a/dvc.lock"}) {
    Write(path);
  }
  ASSERT_TRUE(os::MakeDirs(work_ / "folder.dvc"));
  ASSERT_TRUE(os::Link(os::LinkKind::kSymbolic, "a", work_ / "link"));
  ASSERT_TRUE(os::Link(os::LinkKind::kSymbolic, "a", work_ / "linked.dvc"));
  ASSERT_TRUE(os::Link(os::LinkKind::kSymbolic, "top.dvc", work_ / "file.dvc"));
  Write(".dvcignore", "/dvcign\nno.dvc\n");
  Write(".gitignore", "/gitign/\ngitno.dvc\n");
  const DvcIgnore dvc = *DvcIgnore::Open(work_);
  const GitIgnore git = *GitIgnore::Open(work_);
  EXPECT_EQ(Walk({.root = work_, .dvc_ignore = &dvc, .git_ignore = &git, .below_git = ""}, "out"),
            (Paths{"a/b/dvc.yaml", "a/x.dvc", "dvc.yaml", "file.dvc", "top.dvc"}));
  Write("a/.git/.x");
  EXPECT_EQ(Walk({.root = work_, .dvc_ignore = &dvc, .git_ignore = nullptr, .below_git = ""}, "out"),
            (Paths{"a/b/dvc.yaml", "a/gitno.dvc", "a/x.dvc", "dvc.yaml", "file.dvc", "gitign/x.dvc", "top.dvc"}));
}

TEST_F(DvcFilesTest, TheRulesOfTheWorkTreeAbove) {
  Write("p/a/x.dvc");
  Write("p/a/y.dvc");
  Write(".gitignore", "/p/a/x.dvc\n");
  const DvcIgnore dvc = *DvcIgnore::Open(work_ / "p");
  const GitIgnore git = *GitIgnore::Open(work_);
  EXPECT_EQ(Walk({.root = work_ / "p", .dvc_ignore = &dvc, .git_ignore = &git, .below_git = "p"}), (Paths{"a/y.dvc"}));
}

// The outputs of a DVC file, as the golden ones write them.
std::vector<std::string> OutputsIn(const std::string& text, const std::string& path) {
  std::vector<std::string> outputs;
  for (const std::string& line : Split(text, '\n')) {
    const std::string_view entry = Trim(line);
    if (!entry.starts_with("- ")) continue;
    const std::string_view name = entry.substr(entry.starts_with("- path: ") ? 8 : 2);
    outputs.push_back((fs::path(path).parent_path() / name).generic_string());
  }
  return outputs;
}

// Random trees as DVC's own walk sees them, on disk and in a commit; tests/golden/repo/make_dvc_files.py.
TEST_F(DvcFilesTest, FindsWhatDvcFinds) {
  int trees = 0;
  int hidden = 0;
  ASSERT_TRUE(GitInit(work_));
  const std::string golden = *os::ReadFile(MLEAN_SOURCE_DIR "/tests/golden/repo/dvc_files.jsonl");
  for (const std::string& line : Split(golden, '\n')) {
    if (line.empty()) continue;
    const codec::Json json = *codec::Json::Parse(line);
    const std::string folder = *json.StringAt("folder");
    const std::vector<std::string> before = *os::ListDir(work_);
    for (const std::string& name : before) {
      if (name != ".git") ASSERT_TRUE(os::RemoveTree(work_ / name));
    }
    ASSERT_TRUE(os::MakeDirs(work_ / folder / ".dvc"));
    Write(fs::path(folder) / ".dvc/config");
    for (const auto& [path, text] : json.Find("files")->AsObject()) Write(fs::path(folder) / path, text.AsString());
    for (const auto& [path, target] : json.Find("links")->AsObject()) {
      ASSERT_TRUE(os::Link(os::LinkKind::kSymbolic, target.AsString(), work_ / folder / path));
    }
    std::set<std::string> outputs;
    Paths seen;
    std::function<std::string(const std::string&)> read;
    const auto found = [&](const std::string& path) -> Result<void> {
      for (std::string& output : OutputsIn(read(path), path)) outputs.insert(std::move(output));
      seen.push_back(path);
      return {};
    };
    const auto enter = [&](const std::string& path) { return !outputs.contains(path); };
    const auto expect = [&](const char* key) {
      Paths wanted;
      for (const codec::Json& path : json.Find(key)->AsArray()) wanted.push_back(path.AsString());
      std::sort(seen.begin(), seen.end());
      EXPECT_EQ(seen, wanted) << key << " " << line;
      for (const auto& [path, text] : json.Find("files")->AsObject()) hidden += IsDvcFileName(path) ? 1 : 0;
      hidden -= static_cast<int>(wanted.size());
      seen.clear();
      outputs.clear();
    };
    const DvcIgnore dvc = *DvcIgnore::Open(work_ / folder);
    const GitIgnore git = *GitIgnore::Open(work_);
    read = [&](const std::string& path) { return Text(fs::path(folder) / path); };
    ASSERT_TRUE(WalkDvcFiles(
        {.root = work_ / folder, .dvc_ignore = &dvc, .git_ignore = *json.BoolAt("no_scm") ? nullptr : &git, .below_git = folder},
        found, enter));
    expect("seen");
    ++trees;
    if (json.Find("seen_at")->IsNull()) continue;
    ASSERT_TRUE(os::RunProcess({.shell = "git add -A -f && git -c user.name=A -c user.email=a@b.c -c gc.auto=0 commit -q -m x",
                                .cwd = work_})
                    ->Ok());
    GitReader reader = *GitReader::Open(work_);
    const std::string commit = *reader.Resolve("HEAD");
    const DvcIgnore dvc_at = *DvcIgnore::OpenAt(reader, commit, folder);
    read = [&](const std::string& path) { return *reader.ReadFile(commit, (fs::path(folder) / path).generic_string()); };
    ASSERT_TRUE(WalkDvcFilesAt(reader, commit, folder, &dvc_at, found, enter));
    expect("seen_at");
    EXPECT_EQ(WalkDvcFilesAt(reader, commit, "nosuch", nullptr, found, enter).error().what,
              "Commit '" + commit.substr(0, 7) + "' does not contain a DVC repo");
  }
  EXPECT_EQ(trees, 60);
  EXPECT_GT(hidden, 100);
}

TEST_F(DvcFilesTest, FilesComeBeforeFolders) {
  for (int i = 0; i < 20; ++i) {
    Write("d" + std::to_string(i) + "/x.dvc");
    Write("f" + std::to_string(i) + ".dvc");
  }
  std::vector<std::string> seen;
  ASSERT_TRUE(WalkDvcFiles(
      {.root = work_, .dvc_ignore = nullptr, .git_ignore = nullptr, .below_git = ""},
      [&](const std::string& path) -> Result<void> {
        seen.push_back(path);
        return {};
      },
      [](const std::string&) { return true; }));
  ASSERT_EQ(seen.size(), 40u);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(seen[i].find('/'), std::string::npos) << seen[i];
}

TEST_F(DvcFilesTest, EndsAtAnError) {
  Write("a.dvc");
  Write("b.dvc");
  int calls = 0;
  const auto fails = [&](const std::string&) -> Result<void> {
    ++calls;
    return Fail(Code::kInvalid, "no");
  };
  const auto all = [](const std::string&) { return true; };
  EXPECT_EQ(WalkDvcFiles({.root = work_, .dvc_ignore = nullptr, .git_ignore = nullptr, .below_git = ""}, fails, all).error().what,
            "no");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(WalkDvcFiles({.root = dir_ / "nosuch", .dvc_ignore = nullptr, .git_ignore = nullptr, .below_git = ""}, fails, all)
                .error()
                .code,
            Code::kNotFound);
}

}  // namespace
}  // namespace mlean::repo

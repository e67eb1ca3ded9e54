#include "repo/git_ignore.hpp"

#include "base/text.hpp"
#include "codec/json.hpp"
#include "os/files.hpp"
#include "repo/git.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;
using codec::Json;

class GitIgnoreTest : public testing::Test {
 protected:
  void SetUp() override {
    // No ignore file of the user's may play a part.
    ::setenv("XDG_CONFIG_HOME", (dir_ / "xdg").c_str(), 1);
    ::setenv("HOME", dir_.c_str(), 1);
  }
  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = fs::canonical(temp_.path());
  fs::path work_ = dir_ / "w";
  std::string Read(const fs::path& path) { return *os::ReadFile(work_ / path); }
  void Write(const fs::path& path, std::string_view text) {
    ASSERT_TRUE(os::MakeDirs((work_ / path).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(work_ / path, text, {.sync = false}));
  }
  void Init() {
    ASSERT_TRUE(os::MakeDirs(work_));
    ASSERT_TRUE(GitInit(work_));
  }
};

bool Walks(const GitIgnore& ignore, const std::string& path, bool is_dir) {
  IgnoreFolderPtr at = ignore.Root();
  const std::vector<std::string> parts = Split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (at->Ignores(parts[i], is_dir || i + 1 < parts.size())) return false;
    at = *at->Enter(parts[i]);
  }
  return true;
}

// Random trees as git judges them; tests/golden/repo/make_git_ignore.py.
TEST_F(GitIgnoreTest, JudgesAsGit) {
  const std::string golden = *os::ReadFile(MLEAN_SOURCE_DIR "/tests/golden/repo/git_ignore.jsonl");
  int hidden = 0;
  for (const std::string& line : Split(golden, '\n')) {
    if (line.empty()) continue;
    const Json json = *Json::Parse(line);
    ASSERT_TRUE(os::RemoveTree(work_));
    ASSERT_TRUE(os::RemoveTree(dir_ / "xdg"));
    ASSERT_TRUE(os::MakeDirs(work_ / ".git/info"));
    ASSERT_TRUE(os::MakeDirs(dir_ / "xdg/git"));
    for (const auto& [name, text] : json.Find("files")->AsObject()) {
      if (name == "global") {
        ASSERT_TRUE(os::WriteFileAtomic(dir_ / "xdg/git/ignore", text.AsString(), {.sync = false}));
      } else {
        Write(name == "exclude" ? ".git/info/exclude" : name, text.AsString());
      }
    }
    const GitIgnore ignore = *GitIgnore::Open(work_);
    for (const Json& entry : json.Find("entries")->AsArray()) {
      const std::string& path = entry.AsArray()[0].AsString();
      const bool is_dir = entry.AsArray()[1].AsBool();
      const bool expected = entry.AsArray()[2].AsBool();
      hidden += expected ? 1 : 0;
      EXPECT_EQ(*ignore.Ignored(path, is_dir), expected) << path << "\n" << line;
      EXPECT_EQ(Walks(ignore, path, is_dir), !expected) << path << "\n" << line;
    }
  }
  EXPECT_GT(hidden, 800);
}

TEST_F(GitIgnoreTest, ReadsTheExcludesFileOfTheConfig) {
  Init();
  Write("../mine", "*.own\n");
  EXPECT_FALSE(*GitIgnore::Open(work_)->Ignored("a.own", false));
  Write("../.gitconfig", "[core]\n  excludesFile = ~/mine\n");
  EXPECT_TRUE(*GitIgnore::Open(work_)->Ignored("a.own", false));
}

TEST_F(GitIgnoreTest, OutputsAreIgnoredOnce) {
  Init();
  Write("m/.gitignore", "/x");
  EXPECT_EQ(*AddToGitIgnore(work_, work_ / "m/a[1].bin"), work_ / "m/.gitignore");
  EXPECT_EQ(Read("m/.gitignore"), "/x\n/a\\[1\\].bin\n");
  EXPECT_FALSE(*AddToGitIgnore(work_, work_ / "m/a[1].bin"));
  EXPECT_TRUE(*GitIgnores(work_, work_ / "m/a[1].bin"));
  EXPECT_FALSE(*GitIgnores(work_, work_ / "m/a1.bin"));
  Write("all/.gitignore", "*.bin\n");
  EXPECT_FALSE(*AddToGitIgnore(work_, work_ / "all/z.bin"));
  Write(".gitignore", "/whole\nfolder/\n");
  EXPECT_FALSE(*AddToGitIgnore(work_, work_ / "whole/deep/z"));
  EXPECT_TRUE(*AddToGitIgnore(work_, work_ / "m/other"));
  EXPECT_EQ(Read("m/.gitignore"), "/x\n/a\\[1\\].bin\n/other\n");
  EXPECT_FALSE(*AddToGitIgnore({}, work_ / "q"));
  ASSERT_TRUE(os::MakeDirs(work_ / "folder"));
  EXPECT_FALSE(*AddToGitIgnore(work_, work_ / "folder"));
  for (const char* name : {"#h", "!b", "s* ", "b\\s", "\xc3\xa9", " f"}) {
    EXPECT_TRUE(*AddToGitIgnore(work_, work_ / name)) << name;
    EXPECT_TRUE(*GitIgnores(work_, work_ / name)) << name;
    EXPECT_FALSE(*AddToGitIgnore(work_, work_ / name)) << name;
  }
  EXPECT_EQ(AddToGitIgnore(work_, dir_ / "out").error().what,
            "'" + (dir_ / "out").string() + "' is outside of git repository '" + work_.string() + "'");
}

TEST_F(GitIgnoreTest, LinesGoAgain) {
  Init();
  Write("m/.gitignore", "/x\n  /a\\[1\\]\r\n# c\n/a[1]\n");
  EXPECT_EQ(*RemoveFromGitIgnore(work_, work_ / "m/a[1]"), work_ / "m/.gitignore");
  EXPECT_EQ(Read("m/.gitignore"), "/x\n# c\n");
  EXPECT_EQ(*RemoveFromGitIgnore(work_, work_ / "m/nosuch"), work_ / "m/.gitignore");
  Write("m/.gitignore", "/x");
  EXPECT_FALSE(*RemoveFromGitIgnore(work_, work_ / "m/x"));
  EXPECT_FALSE(os::Exists(work_ / "m/.gitignore"));
  EXPECT_FALSE(*RemoveFromGitIgnore(work_, work_ / "m/x"));
}

TEST_F(GitIgnoreTest, TellsTheUserWhatToAdd) {
  Init();
  ScmNotes notes(work_, {}, false, false);
  ASSERT_TRUE(notes.Ignore(work_ / "data"));
  notes.Track(work_ / "data.dvc");
  notes.Track(work_ / "b c.dvc");
  notes.Track(work_ / "data.dvc");
  EXPECT_EQ(
      *notes.Finish(work_),
      "\nTo track the changes with git, run:\n\n\tgit add .gitignore 'b c.dvc' data.dvc\n\nTo enable auto staging, run:\n\n\tdvc "
      "config core.autostage true\n");
  EXPECT_EQ(*notes.Finish(work_), "");
  notes.Track(work_ / "data.dvc");
  ASSERT_TRUE(os::MakeDirs(work_ / "sub"));
  EXPECT_THAT(*notes.Finish(work_ / "sub"), testing::HasSubstr("git add ../data.dvc\n"));
  ScmNotes quiet(work_, {}, false, true);
  quiet.Track(work_ / "x");
  EXPECT_EQ(*quiet.Finish(work_), "");
  ScmNotes none({}, {}, true, false);
  ASSERT_TRUE(none.Ignore(work_ / "y"));
  EXPECT_EQ(*none.Finish(work_), "");
}

TEST_F(GitIgnoreTest, StagesByItselfAndTakesBack) {
  Init();
  Write("a.dvc", "x");
  ScmNotes notes(work_, {}, true, false);
  ASSERT_TRUE(notes.IgnoreAll({work_ / "data", work_ / "more"}));
  notes.Track(work_ / "a.dvc");
  notes.Track(work_ / "gone.dvc");
  EXPECT_EQ(*notes.Finish(work_), "");
  EXPECT_TRUE(*GitTracks(work_, "a.dvc"));
  EXPECT_TRUE(*GitTracks(work_, ".gitignore"));
  ASSERT_TRUE(notes.IgnoreAll({work_ / "data", work_ / "third"}));
  EXPECT_EQ(Read(".gitignore"), "/data\n/more\n/third\n");
  notes.Undo();
  EXPECT_EQ(Read(".gitignore"), "/data\n/more\n");
}

}  // namespace
}  // namespace mlean::repo

#include "repo/git_hooks.hpp"

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "repo/git.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

class GitHooksTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(os::MakeDirs(work_));
    ASSERT_TRUE(os::MakeDirs(dir_ / "bin"));
    ASSERT_TRUE(GitInit(work_));
    Shell("git config user.name A; git config user.email a@b.c");
  }
  // With a program that says its name and arguments.
  void Program(const std::string& name) {
    ASSERT_TRUE(
        os::WriteFileAtomic(dir_ / "bin" / name, "#!/bin/sh\necho " + name + " \"$@\" >> " + (dir_ / "said").string() + "\n"));
    ASSERT_TRUE(os::Chmod(dir_ / "bin" / name, 0755));
  }
  void Shell(const std::string& command) {
    const os::ProcessOutcome done = *os::RunProcess(
        {.shell = command, .cwd = work_, .env = {{"PATH", (dir_ / "bin").string() + ":/usr/bin:/bin"}}, .capture = true});
    EXPECT_TRUE(done.Ok()) << command << ": " << done.output;
  }
  std::string Said() {
    std::string said = os::ReadFile(dir_ / "said").value_or("");
    EXPECT_TRUE(os::Remove(dir_ / "said"));
    return said;
  }
  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = fs::canonical(temp_.path());
  fs::path work_ = dir_ / "w";
};

TEST_F(GitHooksTest, RunWithEitherProgram) {
  ASSERT_TRUE(InstallGitHooks(work_));
  Program("dvc");
  Shell("git commit -q --allow-empty -m x");
  EXPECT_EQ(Said(), "dvc git-hook pre-commit\n");
  Program("mlean");
  Shell("git commit -q --allow-empty -m x");
  EXPECT_EQ(Said(), "mlean git-hook pre-commit\n");
  Shell("git checkout -q -b other");
  EXPECT_THAT(Said(), testing::MatchesRegex("mlean git-hook post-checkout [0-9a-f]{40} [0-9a-f]{40} 1\n"));
  Shell("git init -q --bare ../far.git && git push -q ../far.git HEAD:x");
  EXPECT_EQ(Said(), "mlean git-hook pre-push ../far.git ../far.git\n");
}

TEST_F(GitHooksTest, LeaveOthersHooksAlone) {
  ASSERT_TRUE(os::MakeDirs(work_ / ".git/hooks"));
  ASSERT_TRUE(os::WriteFileAtomic(work_ / ".git/hooks/pre-push", "mine"));
  const Result<void> done = InstallGitHooks(work_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what, "Hook 'pre-push' already exists. Please refer to <https://man.dvc.org/install> for more info.");
  EXPECT_EQ(*os::ReadFile(work_ / ".git/hooks/pre-push"), "mine");
  EXPECT_FALSE(os::Exists(work_ / ".git/hooks/pre-commit"));
}

TEST_F(GitHooksTest, OfALinkedWorkTreeAreItsRepositorys) {
  Shell("git commit -q --allow-empty -m x && git worktree add -q ../second");
  ASSERT_TRUE(InstallGitHooks(dir_ / "second"));
  EXPECT_EQ(*os::ReadFile(work_ / ".git/hooks/pre-push"), HookScript("pre-push"));
}

TEST_F(GitHooksTest, MergeDvcFiles) {
  Program("mlean");
  ASSERT_TRUE(InstallMergeDriver(work_));
  ASSERT_TRUE(os::WriteFileAtomic(work_ / ".gitattributes", "*.dvc merge=dvc\n"));
  const auto write = [&](const char* text) { ASSERT_TRUE(os::WriteFileAtomic(work_ / "a.dvc", text)); };
  write("1\n");
  Shell("git add -A && git commit -q -m 1 && git checkout -q -b other");
  write("2\n");
  Shell("git commit -q -a -m 2 && git checkout -q -");
  write("3\n");
  Shell("git commit -q -a -m 3 && git merge -q -m m other");
  EXPECT_THAT(Said(), testing::MatchesRegex(
                          "mlean git-hook merge-driver --ancestor .merge_file_.* --our .merge_file_.* --their .merge_file_.*\n"));
}

// What DVC 3.67.1 adds.
TEST(PreCommit, EntryIsDvcs) {
  EXPECT_EQ(PreCommitEntry(),
            "- repo: https://github.com/treeverse/dvc\n  rev: 3.67.1\n  hooks:\n"
            "  - id: dvc-pre-commit\n    additional_dependencies:\n    - .[all]\n    language_version: python3\n    stages:\n    "
            "- pre-commit\n"
            "  - id: dvc-pre-push\n    additional_dependencies:\n    - .[all]\n    language_version: python3\n    stages:\n    - "
            "pre-push\n"
            "  - id: dvc-post-checkout\n    additional_dependencies:\n    - .[all]\n    language_version: python3\n    stages:\n"
            "    - post-checkout\n    always_run: true\n");
}

}  // namespace
}  // namespace mlean::repo

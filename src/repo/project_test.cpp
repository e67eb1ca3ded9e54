#include "repo/project.hpp"

#include "os/files.hpp"
#include "repo/dvc_error.hpp"
#include "repo/git.hpp"
#include "repo/params.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

class RepoTest : public testing::Test {
 protected:
  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = fs::canonical(temp_.path());
  std::string Read(const fs::path& path) { return *os::ReadFile(dir_ / path); }
  void Write(const fs::path& path, std::string_view text) {
    ASSERT_TRUE(os::MakeDirs((dir_ / path).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(dir_ / path, text));
  }
};

TEST_F(RepoTest, FindsTheProjectUpward) {
  Write("p/mlean.yaml", "");
  Write("p/a/.dvc/config", "");
  ASSERT_TRUE(os::MakeDirs(dir_ / "p/a/b"));
  EXPECT_EQ(FindProject(dir_ / "p/a/b")->root, dir_ / "p");
  EXPECT_TRUE(FindProject(dir_ / "p/a/b/.")->has_config);
  ASSERT_TRUE(os::MakeDirs(dir_ / "p/a/.git"));
  EXPECT_EQ(FindProject(dir_ / "p/a/b")->root, dir_ / "p/a");
  EXPECT_TRUE(FindProject(dir_ / "p/a/b")->has_dvc);
  const Result<Project> none = FindProject(dir_);
  EXPECT_TRUE(none || none.error().code == Code::kNotFound);
  ASSERT_TRUE(EnsureStateDir(*ProjectAt(dir_ / "p")));
  EXPECT_EQ(Read("p/.mlean/.gitignore"), "*\n");
}

// `mlean server --root DIR` marks DIR; it counts when it lies nearer than what else could be meant.
TEST_F(RepoTest, AServersRootInsideOfAnotherProject) {
  ASSERT_TRUE(os::MakeDirs(dir_ / "p/.git"));
  ASSERT_TRUE(os::MakeDirs(dir_ / "p/a/b"));
  EXPECT_EQ(FindProject(dir_ / "p/a/b")->root, dir_ / "p");
  ASSERT_TRUE(EnsureStateDir(*ProjectAt(dir_ / "p/a")));
  EXPECT_EQ(FindProject(dir_ / "p/a/b")->root, dir_ / "p/a");
  EXPECT_EQ(FindProject(dir_ / "p/a")->root, dir_ / "p/a");
  EXPECT_EQ(FindProject(dir_ / "p")->root, dir_ / "p");
  Write("p/mlean.yaml", "");
  EXPECT_EQ(FindProject(dir_ / "p/a/b")->root, dir_ / "p/a");
  Write("p/a/b/mlean.yaml", "");
  EXPECT_EQ(FindProject(dir_ / "p/a/b")->root, dir_ / "p/a/b");
  // One further up is another's.
  ASSERT_TRUE(EnsureStateDir(*ProjectAt(dir_)));
  EXPECT_EQ(FindProject(dir_ / "p")->root, dir_ / "p");
}

TEST_F(RepoTest, FindsTheDvcRootAsDvc) {
  ASSERT_TRUE(os::MakeDirs(dir_ / "p/.dvc"));
  ASSERT_TRUE(os::MakeDirs(dir_ / "p/q/.git"));
  EXPECT_EQ(*FindDvcRoot(dir_ / "p/q"), dir_ / "p");
  EXPECT_EQ(*FindDvcRoot(dir_ / "p/./q/.."), dir_ / "p");
  const Error none = FindDvcRoot("/").error();
  EXPECT_EQ(none.what, "you are not inside of a DVC repository (checked up to mount point '/')");
  EXPECT_EQ(UncaughtFailure(none).exit, kDvcNoRepoExit);
  const Error gone = FindDvcRoot(dir_ / "gone").error();
  EXPECT_EQ(UncaughtFailure(gone).exit, kDvcNoRepoExit);
  EXPECT_EQ(ProjectAt(dir_ / "p")->DvcStateDir(), dir_ / "p/.dvc/tmp/mlean");
}

TEST_F(RepoTest, InitLeavesWhatDvcLeaves) {
  EXPECT_EQ(InitDvc(dir_, {}).error().code, Code::kNotFound);
  EXPECT_EQ(InitDvc(dir_, {.subdir = true, .no_scm = true}).error().what,
            "Cannot initialize repo with `--no-scm` and `--subdir`");
  ASSERT_TRUE(GitInit(dir_));
  const Result<std::vector<std::string>> added = InitDvc(dir_, {});
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_EQ(Read(".dvc/config"), "");
  EXPECT_EQ(Read(".dvc/.gitignore"), "/config.local\n/tmp\n/cache\n");
  EXPECT_EQ(Read(".dvc/tmp/btime"), "");
  EXPECT_EQ(Read(".dvcignore").substr(0, 20), "# Add patterns of fi");
  EXPECT_TRUE(*GitTracks(dir_, ".dvc/config"));
  EXPECT_TRUE(*GitTracks(dir_, ".dvcignore"));
  EXPECT_FALSE(*GitTracks(dir_, ".dvc/tmp/btime"));
  const Error again = InitDvc(dir_, {}).error();
  EXPECT_EQ(again.code, Code::kExists);
  EXPECT_THAT(again.what, testing::EndsWith(".dvc' exists. Use `-f` to force."));
  Write(".dvc/config", "[core]\n");
  EXPECT_TRUE(InitDvc(dir_, {.force = true}));
  EXPECT_EQ(Read(".dvc/config"), "");
  ASSERT_TRUE(os::MakeDirs(dir_ / "sub"));
  EXPECT_FALSE(InitDvc(dir_ / "sub", {}));
  EXPECT_TRUE(InitDvc(dir_ / "sub", {.subdir = true}));
  EXPECT_TRUE(*GitTracks(dir_, "sub/.dvc/config"));
  ASSERT_TRUE(os::MakeDirs(dir_ / "ns"));
  EXPECT_TRUE(InitDvc(dir_ / "ns", {.no_scm = true})->empty());
  EXPECT_EQ(Read("ns/.dvc/config"), "[core]\n    no_scm = True\n");
  EXPECT_FALSE(os::Exists(dir_ / "ns/.dvc/.gitignore"));
  ASSERT_TRUE(os::MakeDirs(dir_ / "ig"));
  Write(".gitignore", "ig/.dvc\n");
  EXPECT_EQ(InitDvc(dir_ / "ig", {.subdir = true}).error().code, Code::kDenied);
}

TEST_F(RepoTest, GitFactsFollowTheTree) {
  EXPECT_EQ(ReadGitFacts(dir_).error().code, Code::kNotFound);
  ASSERT_TRUE(GitInit(dir_));
  EXPECT_EQ(ReadGitFacts(dir_)->commit, "");
  Write("a b.txt", "1\n");
  EXPECT_EQ(GitCommit(dir_, "first", "A B <a@b.c>", 0).error().code, Code::kConflict);
  ASSERT_TRUE(GitAdd(dir_, {"a b.txt"}));
  const Result<std::string> commit = GitCommit(dir_, "first: line\n\nbody", "A B <a@b.c>", 1'357'000'000'000);
  ASSERT_TRUE(commit) << commit.error().what;
  EXPECT_EQ(commit->size(), 40u);
  const GitFacts clean = *ReadGitFacts(dir_);
  EXPECT_EQ(clean.commit, *commit);
  EXPECT_FALSE(clean.dirty);
  EXPECT_EQ(clean.diff_sha256, "");
  EXPECT_FALSE(clean.branch.empty());
  Write("a b.txt", "2\n");
  const GitFacts dirty = *ReadGitFacts(dir_ / ".");
  EXPECT_TRUE(dirty.dirty);
  EXPECT_EQ(dirty.diff_sha256.size(), 64u);
  Write("a b.txt", "3\n");
  EXPECT_NE(ReadGitFacts(dir_)->diff_sha256, dirty.diff_sha256);
  // The same content, author and date give the same commit anywhere: dates and names are taken from the arguments alone.
  EXPECT_EQ(GitCommit(dir_, "x", "nobody", 0).error().code, Code::kConflict);
}

TEST_F(RepoTest, ParamsByDottedKeys) {
  Write("params.yaml", "train:\n  eta: 0.1\n  trees: 100\n  cols: [a, b]\nname: x\n");
  const Params params = *Params::Load(dir_ / "params.yaml");
  EXPECT_EQ(*params.Double("train.eta", 1), 0.1);
  EXPECT_EQ(*params.Int("train.trees", 1), 100);
  EXPECT_EQ(*params.Int("train.depth", 6), 6);
  EXPECT_EQ(params.Find("train.cols.1")->AsString(), "b");
  EXPECT_EQ(params.Find("train.cols.2"), nullptr);
  EXPECT_EQ(params.Int("name", 1).error().what, "cannot use params key 'name': it must be an integer, not a string");
  ASSERT_EQ(params.Flat().size(), 4u);
  EXPECT_EQ(params.Flat()[1].first, "train.trees");
  EXPECT_TRUE(Params::Load(dir_ / "none.yaml"));
  Write("bad.yaml", "- a\n");
  EXPECT_EQ(Params::Load(dir_ / "bad.yaml").error().what, "bad.yaml:1:1: params must be a mapping");
}

}  // namespace
}  // namespace mlean::repo

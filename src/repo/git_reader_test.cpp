#include "repo/git_reader.hpp"

#include <fmt/core.h>

#include <ctime>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "repo/git_object.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

class GitReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CONFIG_HOME", (dir_ / "xdg").c_str(), 1);
    ::setenv("HOME", dir_.c_str(), 1);
    ASSERT_TRUE(os::MakeDirs(work_));
    Git("init -q -b main");
    Git("config user.name A");
    Git("config user.email a@b.c");
  }
  // What git prints.
  std::string Git(const std::string& arguments, int time = 0) {
    const os::ProcessOutcome done = *os::RunProcess(
        {.shell = "git " + arguments,
         .cwd = work_,
         .env = {{"GIT_COMMITTER_DATE", fmt::format("@{} +0130", time)}, {"GIT_AUTHOR_DATE", "@1 +0000"}, {"LC_ALL", "C"}},
         .capture = true});
    EXPECT_TRUE(done.Ok()) << arguments << ": " << done.output;
    return std::string(Trim(done.output));
  }
  void Write(const fs::path& path, std::string_view text) {
    ASSERT_TRUE(os::MakeDirs((work_ / path).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(work_ / path, text, {.sync = false}));
  }
  std::string Commit(int time) {
    Git("add -A");
    Git("commit -q --allow-empty -m x", time);
    return Git("rev-parse HEAD");
  }
  GitReader Open() { return *GitReader::Open(work_); }
  std::string Names(const RevisionQuery& query) {
    GitReader reader = Open();
    const Result<std::vector<NamedRevision>> list = ListRevisions(reader, query);
    if (!list) return list.error().what;
    std::string out;
    for (const NamedRevision& revision : *list) out += revision.commit.substr(0, 7) + "=" + Join(revision.names, ",") + ";";
    return out;
  }

  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = fs::canonical(temp_.path());
  fs::path work_ = dir_ / "w";
};

TEST_F(GitReaderTest, ReadsFilesAndFolders) {
  Write("a.txt", "one\n");
  Write("d/\xc3\xbc \"q\"\nx.txt", "odd");
  Write("d/e/empty", "");
  Write("d/run.sh", "#!\n");
  ASSERT_TRUE(os::Chmod(work_ / "d/run.sh", 0755));
  ASSERT_TRUE(os::Link(os::LinkKind::kSymbolic, "../a.txt", work_ / "d/link"));
  std::string large(3'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 7) large[i] = '\n';
  Write("large", large);
  const std::string first = Commit(1'500'000'000);
  Write("a.txt", "two\n");
  const std::string second = Commit(1'600'000'000);

  GitReader reader = Open();
  EXPECT_EQ(*reader.Resolve("HEAD"), second);
  EXPECT_EQ(*reader.Resolve("main~1"), first);
  EXPECT_EQ(*reader.Resolve(first.substr(0, 7)), first);
  EXPECT_EQ(*reader.ReadFile(first, "a.txt"), "one\n");
  EXPECT_EQ(*reader.ReadFile(second, "./a.txt"), "two\n");
  EXPECT_EQ(*reader.ReadFile(second, "d/\xc3\xbc \"q\"\nx.txt"), "odd");
  EXPECT_EQ(*reader.ReadFile(second, "d//e/empty"), "");
  EXPECT_EQ(*reader.ReadFile(second, "d/link"), "../a.txt");
  EXPECT_EQ(*reader.ReadFile(second, "large"), large);
  EXPECT_EQ(reader.ReadFile(second, "a.txt/x").error().what,
            fmt::format("cannot read 'a.txt/x' of '{}': no such file", second.substr(0, 7)));
  EXPECT_FALSE(*reader.TryReadFile(second, "d"));
  EXPECT_FALSE(*reader.TryReadFile(second, ""));
  EXPECT_FALSE(*reader.TryReadFile(second, "../w/a.txt"));
  const std::vector<GitEntry> entries = **reader.ListFolder(second, "d");
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].name, "e");
  EXPECT_EQ(entries[0].kind, GitEntryKind::kFolder);
  EXPECT_EQ(entries[1].kind, GitEntryKind::kLink);
  EXPECT_EQ(entries[2].name, "run.sh");
  EXPECT_EQ(entries[2].kind, GitEntryKind::kExecutable);
  EXPECT_EQ(*reader.ReadBlob(entries[2].id), "#!\n");
  EXPECT_EQ(reader.ListFolderById(entries[0].id)->at(0).name, "empty");
  EXPECT_EQ(reader.ListFolder(second, "")->value().size(), 3u);
  EXPECT_FALSE(*reader.ListFolder(second, "nosuch"));
  EXPECT_FALSE(*reader.ListFolder(second, "a.txt"));
  EXPECT_EQ(*reader.CommitTime(first), 1'500'000'000);
  EXPECT_EQ(*reader.FirstParent(second), first);
  EXPECT_EQ(*reader.FirstParent(first), "");

  std::string listed;
  const std::vector<GitEntry> all = *reader.ListTree(second, "");
  for (const GitEntry& entry : all) listed += entry.name + ";";
  EXPECT_EQ(listed, "a.txt;d/e/empty;d/link;d/run.sh;d/\xc3\xbc \"q\"\nx.txt;large;");
  EXPECT_EQ(reader.ListTree(second, "", [](std::string_view path) { return path != "d/e"; })->size(), 5u);
  EXPECT_EQ(reader.ListTree(second, "d/e")->at(0).name, "empty");
  EXPECT_EQ(reader.ListTree(second, "", {}, 3).error().code, Code::kTooLarge);

  Git("gc -q");  // from packs as from loose objects
  GitReader packed = Open();
  EXPECT_EQ(*packed.ReadFile(first, "large"), large);
  EXPECT_EQ(*packed.ReadFile(first, "a.txt"), "one\n");
  EXPECT_EQ(*reader.ReadFile(first, "a.txt"), "one\n");
}

TEST_F(GitReaderTest, RefusesWhatIsNoRevision) {
  GitReader reader = Open();
  EXPECT_EQ(reader.Resolve("HEAD").error().what, "unknown Git revision 'HEAD'");
  Write("a.txt", "one\n");
  const std::string commit = Commit(5);
  for (const char* revision :
       {"", "nosuch", "HEAD~1", "HEAD:a.txt", "a\nHEAD", "--all", "ma", "^", "HEAD^{tree}", "0000000", ":/nosuch", ":a.txt"}) {
    const Result<std::string> resolved = reader.Resolve(revision);
    ASSERT_FALSE(resolved) << revision;
    EXPECT_EQ(resolved.error().code, Code::kNotFound);
    EXPECT_EQ(resolved.error().what, fmt::format("unknown Git revision '{}'", revision));
  }
  EXPECT_EQ(*reader.Resolve("HEAD"), commit);
  EXPECT_EQ(reader.ReadFile("HEAD", "a.txt").error().code, Code::kInvalid);
  EXPECT_EQ(reader.ReadFile(std::string(40, '1'), "a.txt").error().code, Code::kNotFound);
  const std::string tree = Git("rev-parse HEAD^{tree}");
  EXPECT_EQ(reader.ReadBlob(tree).error().code, Code::kInvalid);
  EXPECT_EQ(reader.ListFolderById(commit).error().code, Code::kInvalid);
  EXPECT_EQ(GitReader::Open(dir_ / "nosuch").error().code, Code::kNotFound);
  GitReader outside = *GitReader::Open(dir_);
  const Result<std::string> none = outside.Resolve("HEAD");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().what, testing::HasSubstr("not a git repository"));
  EXPECT_FALSE(outside.Resolve("HEAD"));  // asks again
}

TEST_F(GitReaderTest, FindsRemotesBranchesAndExperiments) {
  const std::string first = Commit(1);
  const std::string second = Commit(2);
  const std::string third = Commit(3);
  GitReader reader = Open();
  Git("update-ref refs/remotes/origin/topic " + first);
  Git("update-ref refs/remotes/origin/both " + first);
  Git("update-ref refs/remotes/fork/both " + second);
  Git("update-ref refs/remotes/fork/a/topic2 " + second);
  EXPECT_EQ(*reader.Resolve("topic"), first);
  EXPECT_EQ(*reader.Resolve("origin/topic"), first);
  EXPECT_EQ(*reader.Resolve("a/topic2"), second);
  EXPECT_FALSE(reader.Resolve("topic2"));
  EXPECT_EQ(reader.Resolve("both").error().what, "ambiguous Git revision 'both'");
  EXPECT_FALSE(reader.Resolve("topic~0"));

  const auto ref = [](const std::string& base, const std::string& name) {
    return "refs/exps/" + base.substr(0, 2) + "/" + base.substr(2) + "/" + name;
  };
  Git("update-ref " + ref(first, "puffy-daks") + " " + second);
  Git("update-ref " + ref(first, "twice") + " " + second);
  Git("update-ref " + ref(third, "twice") + " " + first);
  Git("update-ref refs/exps/stash " + first);
  Git("update-ref refs/exps/celery/stash " + first);
  Git("update-ref refs/exps/exec/EXEC_HEAD " + first);
  EXPECT_EQ(*reader.Resolve("puffy-daks"), second);
  EXPECT_EQ(*reader.Resolve(ref(first, "puffy-daks")), second);
  EXPECT_EQ(*reader.Resolve("twice"), first);  // of the two the one that began at HEAD
  EXPECT_FALSE(reader.Resolve("stash"));
  EXPECT_FALSE(reader.Resolve("EXEC_HEAD"));
  Git("commit -q --allow-empty -m y", 4);
  EXPECT_EQ(reader.Resolve("twice").error().what, "ambiguous Git revision 'twice'");
  Git("update-ref refs/exps/exec/EXEC_BASELINE " + second);
  EXPECT_EQ(*reader.Resolve("HEAD"), second);
  EXPECT_EQ(*reader.Resolve("HEAD~1"), first);
  EXPECT_EQ(ExperimentBaseline(ref(first, "x")), first);

  std::string refs;
  const std::vector<GitRef> remotes = *ListRefs(work_, "refs/remotes/");
  for (const GitRef& found : remotes) refs += found.name.substr(13) + ";";
  EXPECT_EQ(refs, "fork/a/topic2;fork/both;origin/both;origin/topic;");
}

TEST_F(GitReaderTest, ListsRevisionsAsDvcDoes) {
  EXPECT_EQ(Names({.all_branches = true, .all_tags = true, .all_experiments = true}), "");
  EXPECT_EQ(Names({.all_commits = true}), "");
  const std::string a = Commit(1'000'000'000);
  Git("tag v1");
  const std::string b = Commit(1'100'000'000);
  Git("branch side");
  Git("tag -a -m note v2");
  Git("tag -a -m note v3 v2");  // a tag of a tag
  Git("tag blob " + Git("hash-object -w /dev/null"));
  const std::string c = Commit(1'200'000'000);
  Git("update-ref refs/exps/" + b.substr(0, 2) + "/" + b.substr(2) + "/exp " + c);
  const auto s = [](const std::string& id) { return id.substr(0, 7); };
  EXPECT_EQ(Names({.revisions = {"workspace", "HEAD", "main", "v1", "HEAD"}}), s(c) + "=HEAD,main;" + s(a) + "=v1;");
  EXPECT_EQ(Names({.revisions = {"HEAD"}, .number = 2}), s(c) + "=HEAD;" + s(b) + "=" + b + ";");
  EXPECT_EQ(Names({.revisions = {"HEAD"}, .number = -1}), s(c) + "=HEAD;" + s(b) + "=" + b + ";" + s(a) + "=" + a + ";");
  EXPECT_EQ(Names({.revisions = {"HEAD"}, .number = 0}), "");
  EXPECT_EQ(Names({.revisions = {"HEAD", "nosuch"}}), "unknown Git revision 'nosuch'");
  EXPECT_EQ(Names({.all_branches = true}), s(c) + "=main;" + s(b) + "=side;");
  EXPECT_EQ(Names({.all_tags = true}), s(a) + "=v1;" + s(b) + "=v2,v3;");
  EXPECT_EQ(Names({.revisions = {"v1"}, .all_commits = true}),
            s(a) + "=v1," + a + ";" + s(c) + "=" + c + ";" + s(b) + "=" + b + ";");
  EXPECT_EQ(Names({.all_experiments = true}), s(c) + "=" + c + ";");
  EXPECT_EQ(Names({.since = "2004-11-09"}), s(c) + "=" + c + ";" + s(b) + "=" + b + ";");
  EXPECT_EQ(Names({.all_tags = true, .since = "2004-11-9"}), s(a) + "=v1;" + s(b) + "=v2,v3," + b + ";" + s(c) + "=" + c + ";");
  EXPECT_EQ(Names({.since = "x"}), "unexpected error - time data 'x' does not match format '%Y-%m-%d'");
  EXPECT_EQ(Names({.since = "2004-13-01"}), "unexpected error - time data '2004-13-01' does not match format '%Y-%m-%d'");
  EXPECT_EQ(Names({.since = "2004-02-30"}), "unexpected error - day is out of range for month");
  EXPECT_EQ(Names({.since = "2004-02-03 "}), "unexpected error - unconverted data remains:  ");
}

TEST_F(GitReaderTest, ReadsSha256Repositories) {
  ASSERT_TRUE(os::RemoveTree(work_ / ".git"));
  Git("init -q -b main --object-format=sha256");
  Git("config user.name A");
  Git("config user.email a@b.c");
  Write("d/a.txt", "one\n");
  const std::string commit = Commit(9);
  ASSERT_EQ(commit.size(), 64u);
  GitReader reader = Open();
  EXPECT_EQ(*reader.ReadFile(*reader.Resolve("main"), "d/a.txt"), "one\n");
  EXPECT_EQ(*reader.CommitTime(commit), 9);
}

TEST(GitObject, RefusesDamage) {
  const std::string id(20, 'x');
  EXPECT_EQ(ParseGitTree("100644 a" + std::string(1, '\0') + id, 20)->at(0).name, "a");
  for (const std::string& text :
       {std::string("100644 a"), "100644 a" + std::string(1, '\0') + id.substr(1), "10064 a" + std::string(1, '\0') + id,
        "40000 .." + std::string(1, '\0') + id, "40000 a/b" + std::string(1, '\0') + id, "40000 " + std::string(1, '\0') + id,
        std::string("x")}) {
    EXPECT_EQ(ParseGitTree(text, 20).error().code, Code::kCorrupt) << text;
  }
  const std::string tree = "tree " + std::string(40, 'a') + "\n";
  EXPECT_EQ(ParseGitCommit(tree + "committer A> <b> 77 +0000\n\ncommitter x")->committed, 77);
  for (const std::string& text :
       {std::string(), tree, tree + "committer A <b> x +0000\n", std::string("tree x\ncommitter A <b> 7 +0000\n"),
        "\n" + tree + "committer A <b> 7 +0000\n", tree + "parent 12\ncommitter A <b> 7 +0000\n"}) {
    EXPECT_EQ(ParseGitCommit(text).error().code, Code::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace mlean::repo

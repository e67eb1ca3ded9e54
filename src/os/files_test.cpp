#include "os/files.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace mlean::os {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  TempDir temp_ = *TempDir::Make("files");
  fs::path dir_ = temp_.path();
};

TEST_F(FilesTest, WriteAndRead) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", bytes));
  EXPECT_EQ(*ReadFile(dir_ / "x"), bytes);
  EXPECT_EQ(*ReadFile(dir_ / "x", 4), bytes);
  const auto too_large = ReadFile(dir_ / "x", 3);
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().code, Code::kTooLarge);
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", ""));
  EXPECT_EQ(*ReadFile(dir_ / "x"), "");
  EXPECT_EQ(ListDir(dir_)->size(), 1U);
  EXPECT_GT(ReadFile("/proc/self/status")->size(), 100U);  // its size reads as 0
  EXPECT_EQ(ReadFile("/dev/zero", 100000).error().code, Code::kTooLarge);
}

TEST_F(FilesTest, ReadsInPieces) {
  std::string text(2'500'000, 'x');
  text.back() = 'y';
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", text));
  std::string all;
  std::size_t longest = 0;
  ASSERT_TRUE(ReadPieces(dir_ / "x", [&](std::string_view piece) -> Result<void> {
    longest = std::max(longest, piece.size());
    all += piece;
    return {};
  }));
  EXPECT_EQ(all, text);
  EXPECT_LE(longest, 1u << 20);
  int calls = 0;
  const auto stopped = ReadPieces(dir_ / "x", [&](std::string_view) -> Result<void> {
    ++calls;
    return Fail(Code::kIo, "enough");
  });
  EXPECT_EQ(stopped.error().what, "enough");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(ReadPieces(dir_ / "none", {}).error().code, Code::kNotFound);
}

TEST_F(FilesTest, ErrorsNamePathAndCause) {
  const auto missing = ReadFile(dir_ / "none");
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().what, fmt::format("cannot read '{}': No such file or directory", (dir_ / "none").string()));
  EXPECT_EQ(WriteFileAtomic(dir_ / "no" / "x", "a").error().code, Code::kNotFound);
  EXPECT_EQ(WriteFileAtomic(dir_ / "..", "a").error().code, Code::kInvalid);
  EXPECT_EQ(WriteFileAtomic("", "a").error().code, Code::kInvalid);
  EXPECT_EQ(ReadFile(dir_).error().code, Code::kIo);
  EXPECT_EQ(FileError("write", "x", ENOSPC).what, "cannot write 'x': No space left on device");
  EXPECT_EQ(FileError("write", "x", EDQUOT).code, Code::kFull);
  EXPECT_EQ(FileError("read", "x", EACCES).code, Code::kIo);
  EXPECT_EQ(AppendFile::Open("/dev/full")->Append("x").error().what, "cannot append to '/dev/full': No space left on device");
}

TEST_F(FilesTest, AFileGrowsInOneStepOrNotAtAll) {
  const fs::path file = dir_ / "x";
  const auto grow = [&](std::uint64_t size, std::string_view bytes) { return GrowFile(file, size, bytes); };
  EXPECT_FALSE(*grow(1, "b"));  // not there
  ASSERT_TRUE(WriteFileAtomic(file, "a"));
  const std::uint64_t inode = Stat(file)->inode;
  EXPECT_TRUE(*grow(1, "b"));
  EXPECT_FALSE(*grow(1, "c"));  // somebody else has written it
  EXPECT_FALSE(*grow(3, "c"));
  EXPECT_FALSE(*grow(2, ""));
  EXPECT_TRUE(*grow(2, std::string(4094, 'c')));  // to the end of the page
  EXPECT_TRUE(*grow(4096, "d"));
  EXPECT_FALSE(*grow(4097, std::string(4096, 'e')));  // into the next one
  EXPECT_EQ(*ReadFile(file), "ab" + std::string(4094, 'c') + "d");
  EXPECT_EQ(Stat(file)->inode, inode);
  ASSERT_TRUE(Link(LinkKind::kHard, file, dir_ / "y"));
  EXPECT_FALSE(*grow(4097, "e"));  // would change the other name, too
  ASSERT_TRUE(Link(LinkKind::kSymbolic, file, dir_ / "z"));
  EXPECT_FALSE(*GrowFile(dir_ / "z", 4097, "e"));
  EXPECT_FALSE(*GrowFile(dir_, 4096, "e"));
}

TEST_F(FilesTest, AtomicFileWithoutCommitLeavesNothing) {
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", "old", {.mode = 0600}));
  {
    auto file = AtomicFile::Open(dir_ / "x");
    ASSERT_TRUE(file && file->Write("new"));
    EXPECT_EQ(file->temp_path().parent_path(), dir_);
    EXPECT_THAT(file->temp_path().filename().string(), testing::MatchesRegex("\\.x\\..*\\.tmp"));
    EXPECT_TRUE(Exists(file->temp_path()));
    EXPECT_EQ(*ReadFile(dir_ / "x"), "old");
  }
  EXPECT_EQ(*ListDir(dir_), std::vector<std::string>{"x"});
  auto file = AtomicFile::Open(dir_ / "x");
  AtomicFile moved = *std::move(file);
  ASSERT_TRUE(moved.Write("ne") && moved.Write("w") && moved.Commit());
  EXPECT_EQ(*ReadFile(dir_ / "x"), "new");
  EXPECT_EQ(Stat(dir_ / "x")->mode, 0600U);  // the mode of the file in place stays
  EXPECT_TRUE(WriteFileAtomic(dir_ / std::string(250, 'n'), "long name"));
}

TEST_F(FilesTest, AFileIsMadeInTheFolderForTemporaries) {
  ASSERT_TRUE(MakeDirs(dir_ / "work") && WriteFileAtomic(dir_ / "work/x", "old", {.mode = 0600}));
  const WriteOptions options{.temp_dir = dir_ / "tmp"};
  {
    auto file = AtomicFile::Open(dir_ / "work/x", options);
    ASSERT_TRUE(file && file->Write("new"));
    EXPECT_EQ(ListDir(dir_ / "work")->size(), 1U);
    EXPECT_EQ(ListDir(dir_ / "tmp")->size(), 1U);
    ASSERT_TRUE(file->Commit());
  }
  EXPECT_EQ(*ReadFile(dir_ / "work/x"), "new");
  EXPECT_EQ(Stat(dir_ / "work/x")->mode, 0600U);
  EXPECT_EQ(ListDir(dir_ / "tmp")->size(), 0U);
  // No such folder and none to be made: beside the file.
  ASSERT_TRUE(WriteFileAtomic(dir_ / "work/x", "newer", {.temp_dir = dir_ / "no/tmp"}));
  EXPECT_EQ(*ReadFile(dir_ / "work/x"), "newer");
}

TEST_F(FilesTest, AFolderForTemporariesElsewhereCostsACopy) {
  const auto elsewhere = TempDir::Make("files", "/dev/shm");
  if (!elsewhere || Stat(elsewhere->path())->device == Stat(dir_)->device) GTEST_SKIP() << "one file system";
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", "old", {.mode = 0600}));
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", "new", {.temp_dir = elsewhere->path()}));
  EXPECT_EQ(*ReadFile(dir_ / "x"), "new");
  EXPECT_EQ(Stat(dir_ / "x")->mode, 0600U);
  EXPECT_EQ(*ListDir(dir_), std::vector<std::string>{"x"});
  EXPECT_EQ(ListDir(elsewhere->path())->size(), 0U);
}

TEST_F(FilesTest, LeftoversAreRemovedOnceTheyAreOld) {
  const std::string left = ".dvc.lock.0123456789ab.tmp";
  const std::string young = ".dvc.lock.0123456789ac.tmp";
  const std::vector<std::string> others = {".dvc.lock.0123456789xy.tmp", ".x.tmp", "dvc.lock.0123456789ab.tmp"};
  for (const std::string& name : others) ASSERT_TRUE(WriteFileAtomic(dir_ / name, ""));
  ASSERT_TRUE(WriteFileAtomic(dir_ / left, "") && WriteFileAtomic(dir_ / young, ""));
  const timespec times[2] = {{1000, 0}, {1000, 0}};
  std::vector<std::string> old = others;
  old.push_back(left);
  for (const std::string& name : old) ASSERT_EQ(utimensat(AT_FDCWD, (dir_ / name).c_str(), times, 0), 0);
  RemoveLeftovers(dir_, std::chrono::hours(1));
  EXPECT_EQ(ListDir(dir_)->size(), others.size() + 1);
  EXPECT_FALSE(Exists(dir_ / left));
  EXPECT_TRUE(Exists(dir_ / young));
  RemoveLeftovers(dir_ / "none", std::chrono::hours(1));
}

TEST_F(FilesTest, AFailedWriteLeavesTheOldContent) {
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", "old"));
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto done = WriteFileAtomic(dir_ / "x", std::string(5000, 'n'));
    _exit(!done && done.error().code == Code::kFull ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(*ReadFile(dir_ / "x"), "old");
  EXPECT_EQ(*ListDir(dir_), std::vector<std::string>{"x"});
}

TEST_F(FilesTest, ReadersSeeOldOrNewWhileWritersReplace) {
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", std::string(10000, 'a')));
  const std::jthread writer([&] {
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(WriteFileAtomic(dir_ / "x", std::string(10000, 'a' + i % 26), {.sync = false}));
  });
  for (int i = 0; i < 300; ++i) {
    const auto text = ReadFile(dir_ / "x");
    ASSERT_TRUE(text);
    ASSERT_EQ(*text, std::string(10000, text->front()));
  }
}

TEST_F(FilesTest, Append) {
  {
    auto first = AppendFile::Open(dir_ / "log");
    auto second = AppendFile::Open(dir_ / "log");
    ASSERT_TRUE(first && second);
    ASSERT_TRUE(first->Append("1\n") && second->Append("2\n") && first->Append("3\n") && first->Sync());
    EXPECT_EQ(*first->Size(), 6U);
  }
  EXPECT_EQ(*ReadFile(dir_ / "log"), "1\n2\n3\n");
}

TEST_F(FilesTest, FoldersAndRemoval) {
  ASSERT_TRUE(MakeDirs(dir_ / "a/b/c"));
  ASSERT_TRUE(MakeDirs(dir_ / "a/b/c"));
  EXPECT_TRUE(IsDir(dir_ / "a/b"));
  ASSERT_TRUE(WriteFileAtomic(dir_ / "a/file", "x"));
  EXPECT_EQ(MakeDirs(dir_ / "a/file").error().code, Code::kExists);
  EXPECT_EQ(Remove(dir_ / "a").error().code, Code::kIo);
  EXPECT_TRUE(Remove(dir_ / "a/file"));
  EXPECT_TRUE(Remove(dir_ / "a/file"));
  fs::create_symlink("/etc", dir_ / "a/etc");
  EXPECT_TRUE(RemoveTree(dir_ / "a"));
  EXPECT_TRUE(RemoveTree(dir_ / "a"));
  EXPECT_TRUE(Exists("/etc/passwd"));
  EXPECT_FALSE(Exists(dir_ / "a"));
}

TEST_F(FilesTest, CopyLinkRename) {
  const std::string large(3 << 20, 'x');
  ASSERT_TRUE(WriteFileAtomic(dir_ / "from", large));
  ASSERT_TRUE(Chmod(dir_ / "from", 0750));
  ASSERT_TRUE(CopyFile(dir_ / "from", dir_ / "copy"));
  EXPECT_EQ(*ReadFile(dir_ / "copy"), large);
  EXPECT_EQ(Stat(dir_ / "copy")->mode, 0750U);
  EXPECT_EQ(CopyFile(dir_ / "none", dir_ / "copy").error().code, Code::kNotFound);
  EXPECT_EQ(CopyFile(dir_, dir_ / "copy").error().code, Code::kInvalid);
  ASSERT_TRUE(CopyFile("/proc/self/cmdline", dir_ / "proc"));
  EXPECT_EQ(*ReadFile(dir_ / "proc"), *ReadFile("/proc/self/cmdline"));
  EXPECT_EQ(*ReadFile(dir_ / "copy"), large);

  ASSERT_TRUE(Link(LinkKind::kHard, dir_ / "from", dir_ / "hard"));
  EXPECT_EQ(Stat(dir_ / "hard")->inode, Stat(dir_ / "from")->inode);
  EXPECT_EQ(Stat(dir_ / "hard")->links, 2U);
  EXPECT_EQ(Link(LinkKind::kHard, dir_ / "from", dir_ / "hard").error().code, Code::kExists);
  const auto other_disk = Stat("/dev/shm");
  if (other_disk && other_disk->device != Stat(dir_)->device) {
    EXPECT_EQ(Link(LinkKind::kHard, dir_ / "from", fs::path("/dev/shm") / dir_.filename()).error().code, Code::kUnsupported);
  }
  ASSERT_TRUE(Link(LinkKind::kSymbolic, "from", dir_ / "soft"));
  EXPECT_EQ(StatLink(dir_ / "soft")->kind, FileKind::kLink);
  EXPECT_EQ(Stat(dir_ / "soft")->size, large.size());
  const auto reflink = Link(LinkKind::kReflink, dir_ / "from", dir_ / "clone");
  if (reflink) {
    EXPECT_EQ(*ReadFile(dir_ / "clone"), large);
  } else {
    EXPECT_EQ(reflink.error().code, Code::kUnsupported);
    EXPECT_FALSE(Exists(dir_ / "clone"));
  }
  ASSERT_TRUE(Rename(dir_ / "hard", dir_ / "other"));
  EXPECT_EQ(Rename(dir_ / "hard", dir_ / "other").error().code, Code::kNotFound);
}

TEST_F(FilesTest, StatHasNanoseconds) {
  ASSERT_TRUE(WriteFileAtomic(dir_ / "x", "123"));
  const timespec times[2] = {{1, 2}, {1365000000, 123456789}};
  ASSERT_EQ(utimensat(AT_FDCWD, (dir_ / "x").c_str(), times, 0), 0);
  const auto stat = Stat(dir_ / "x");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->mtime_ns, 1365000000123456789);
  EXPECT_EQ(stat->size, 3U);
  EXPECT_EQ(stat->kind, FileKind::kFile);
  EXPECT_GT(stat->ctime_ns, stat->mtime_ns);
  EXPECT_EQ(Stat(dir_)->kind, FileKind::kDir);
  EXPECT_EQ(Stat("/dev/null")->kind, FileKind::kOther);
}

TEST_F(FilesTest, ListTreeSortsAndFilters) {
  for (const char* const name : {"b", "a/z", "a/b/deep", "a.txt", "skip/x", "skip2"}) {
    ASSERT_TRUE(MakeDirs((dir_ / name).parent_path()));
    ASSERT_TRUE(WriteFileAtomic(dir_ / name, name, {.sync = false}));
  }
  ASSERT_TRUE(MakeDirs(dir_ / "empty"));
  fs::create_directory_symlink(dir_, dir_ / "loop");
  const auto names = [&](const TreeFilter& keep) {
    std::vector<std::string> out;
    const auto tree = ListTree(dir_, keep);
    EXPECT_TRUE(tree);
    for (const TreeEntry& entry : *tree) out.push_back(entry.path);
    return out;
  };
  EXPECT_THAT(names({}), testing::ElementsAre("a.txt", "a/b/deep", "a/z", "b", "loop", "skip/x", "skip2"));
  EXPECT_THAT(names([](std::string_view path, bool dir) { return !(dir && path == "skip") && path != "b"; }),
              testing::ElementsAre("a.txt", "a/b/deep", "a/z", "loop", "skip2"));
  EXPECT_EQ(ListTree(dir_, {}, 3).error().code, Code::kTooLarge);
  EXPECT_EQ(ListTree(dir_ / "none").error().code, Code::kNotFound);
  EXPECT_EQ(ListDir(dir_ / "none").error().code, Code::kNotFound);
}

TEST(TempDirTest, IsRemovedWithItsContent) {
  fs::path path;
  {
    const TempDir temp = *TempDir::Make("some");
    path = temp.path();
    EXPECT_EQ(Stat(path)->mode, 0700U);
    ASSERT_TRUE(WriteFileAtomic(path / "x", "x"));
  }
  EXPECT_FALSE(Exists(path));
  EXPECT_EQ(TempDir::Make("x", "/no/such").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace mlean::os

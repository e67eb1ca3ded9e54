#include "cas/object_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/digest.hpp"
#include "cas/test_folder.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

class ObjectStoreTest : public TestFolder {
 protected:
  ObjectStore store_{dir_ / "cache"};
  fs::path ObjectOf(std::string_view text) { return store_.PathOf(Md5Hex(text)); }
};

TEST_F(ObjectStoreTest, FilesGoIn) {
  Write("run.sh", "echo\n");
  ASSERT_TRUE(os::Chmod(dir_ / "run.sh", 0755));
  const ObjectInfo info = *store_.Put(dir_ / "run.sh");
  EXPECT_EQ(info.md5, Md5Hex("echo\n"));
  EXPECT_EQ(info.size, 5u);
  EXPECT_TRUE(info.is_exec);
  EXPECT_EQ(store_.PathOf(info.md5), dir_ / "cache/files/md5" / info.md5.substr(0, 2) / info.md5.substr(2));
  EXPECT_EQ(Mode(store_.PathOf(info.md5)), 0444u);
  EXPECT_EQ(Mode("run.sh"), 0755u) << "the original is left alone";
  EXPECT_TRUE(*store_.Has(info.md5));
  EXPECT_FALSE(*store_.Has(std::string(32, '0')));
  EXPECT_EQ(store_.Has("../../x").error().code, Code::kInvalid);
  EXPECT_EQ(store_.Put(dir_ / "gone").error().code, Code::kNotFound);
}

TEST_F(ObjectStoreTest, FilesOfAllSizesAreStoredWhole) {
  HashState state = *HashState::Open(dir_ / "state");
  ObjectStore store(dir_ / "cache", &state);
  for (const std::size_t size :
       {0u, 1u, 65'535u, 65'536u, (1u << 20) - 1, 1u << 20, (1u << 20) + 1, 5'000'000u, 8u << 20, 9'000'001u}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251 + size);
    Write("f", text);
    const ObjectInfo info = *store.Put(dir_ / "f");
    EXPECT_EQ(info.md5, Md5Hex(text));
    EXPECT_EQ(*os::ReadFile(store.PathOf(info.md5)), text);
  }
  EXPECT_TRUE(NoTemps(dir_ / "cache"));
}

TEST_F(ObjectStoreTest, LargeFilesAreHashedAsAlways) {
  std::string text;
  while (text.size() < 9'000'000) text += "a line\r\n";
  Write("t", text);
  for (const bool legacy : {false, true}) {
    const ObjectInfo info = *store_.Put(dir_ / "t", {.legacy = legacy});
    EXPECT_EQ(info.md5, HashFile(dir_ / "t", {.legacy = legacy})->md5);
    EXPECT_EQ(*os::ReadFile(store_.PathOf(info.md5, legacy)), text);
  }
  std::atomic<bool> cancelled = true;
  Write("u", text + "more");
  EXPECT_EQ(store_.Put(dir_ / "u", {.work = {.cancelled = &cancelled}}).error().code, Code::kCancelled);
  EXPECT_TRUE(NoTemps(dir_ / "cache"));
}

TEST_F(ObjectStoreTest, FoldersGoInWithTheirFilesFirst) {
  Write("d/a", "1");
  Write("d/s/b", "2");
  Write("d/s/same", "1");
  const HashedTree tree = *store_.PutTree(dir_ / "d");
  EXPECT_EQ(tree.info.nfiles, 3u);
  EXPECT_EQ(tree.info.size, 3u);
  EXPECT_EQ(*os::ReadFile(store_.PathOf(tree.info.md5)), tree.tree.Body());
  EXPECT_TRUE(*store_.Has(tree.info.md5));
  EXPECT_TRUE(*store_.ReadTree(tree.info.md5) == tree.tree);
  // A folder is not there when one of its files is not.
  ASSERT_TRUE(os::Remove(ObjectOf("1")));
  EXPECT_FALSE(*store_.Has(tree.info.md5));
  const std::vector<std::size_t> missing = *store_.Missing(tree.tree);
  ASSERT_EQ(missing.size(), 1u) << "each object once";
  EXPECT_EQ(tree.tree[missing[0]].path, "a");
}

TEST_F(ObjectStoreTest, ARememberedFolderIsStoredAgainWhenObjectsAreGone) {
  HashState state = *HashState::Open(dir_ / "state");
  ObjectStore store(dir_ / "cache", &state);
  Write("d/a", "1");
  Write("d/b", "2");
  const ObjectInfo info = *store.Put(dir_ / "d");
  ASSERT_TRUE(os::Remove(ObjectOf("2")));
  EXPECT_EQ(store.Put(dir_ / "d")->md5, info.md5);
  EXPECT_TRUE(*store.Has(info.md5));
  ASSERT_TRUE(os::Remove(store.PathOf(info.md5)));
  EXPECT_EQ(store.Put(dir_ / "d")->md5, info.md5);
  EXPECT_TRUE(*store.Has(info.md5));
}

TEST_F(ObjectStoreTest, WritableObjectsAreCheckedAgain) {
  Write("f", "good");
  const ObjectInfo info = *store_.Put(dir_ / "f");
  const fs::path object = store_.PathOf(info.md5);
  ASSERT_TRUE(os::Chmod(object, 0644));
  EXPECT_TRUE(*store_.Has(info.md5));
  EXPECT_EQ(Mode(object), 0444u);
  ASSERT_TRUE(os::Chmod(object, 0644));
  ASSERT_TRUE(os::WriteFileAtomic(object, "bad"));
  EXPECT_FALSE(*store_.Has(info.md5));
  EXPECT_FALSE(os::Exists(object));
  // Stored anew over a bad one.
  ASSERT_TRUE(os::WriteFileAtomic(object, "bad"));
  ASSERT_TRUE(store_.Put(dir_ / "f"));
  EXPECT_EQ(*os::ReadFile(object), "good");
}

// What a power loss may leave: the name, but not the bytes.
TEST_F(ObjectStoreTest, EmptyObjectsThatShouldNotBeAreBad) {
  Write("f", "good");
  const ObjectInfo info = *store_.Put(dir_ / "f");
  const fs::path object = store_.PathOf(info.md5);
  ASSERT_TRUE(os::Chmod(object, 0644));
  ASSERT_TRUE(os::WriteFileAtomic(object, ""));
  ASSERT_TRUE(os::Chmod(object, 0444));
  EXPECT_FALSE(*store_.Has(info.md5));
  Write("empty", "");
  EXPECT_TRUE(*store_.Has(store_.Put(dir_ / "empty")->md5));
}

TEST_F(ObjectStoreTest, HardLinksMakeTheFileTheObject) {
  ObjectStore store({.cache_dir = dir_ / "cache", .link_types = {LinkType::kHardlink, LinkType::kCopy}});
  Write("d/a", "1");
  Write("d/twin", "1");
  Write("d/empty", "");
  const std::string big(3 << 20, 'b');
  Write("d/big", big);
  const ObjectInfo info = *store.Put(dir_ / "d", {.relink = true});
  EXPECT_EQ(os::Stat(dir_ / "d/big")->inode, os::Stat(ObjectOf(big))->inode);
  EXPECT_EQ(Mode("d/big"), 0444u);
  // One of the twins became the object; the other is a copy, and the types allow that (DVC's rule).
  const std::uint64_t object = os::Stat(ObjectOf("1"))->inode;
  EXPECT_NE(os::Stat(dir_ / "d/a")->inode == object, os::Stat(dir_ / "d/twin")->inode == object);
  ObjectStore only({.cache_dir = dir_ / "cache", .link_types = {LinkType::kHardlink}});
  ASSERT_TRUE(only.Put(dir_ / "d", {.relink = true}));
  EXPECT_EQ(os::Stat(dir_ / "d/a")->inode, object);
  EXPECT_EQ(os::Stat(dir_ / "d/twin")->inode, object);
  EXPECT_NE(os::Stat(dir_ / "d/empty")->inode, os::Stat(ObjectOf(""))->inode) << "empty files are never linked";
  EXPECT_TRUE(*store.Has(info.md5));
  // An executable keeps its mode, and the object its own.
  Write("tool", "#!");
  ASSERT_TRUE(os::Chmod(dir_ / "tool", 0755));
  ASSERT_TRUE(store.Put(dir_ / "tool", {.relink = true}));
  EXPECT_EQ(Mode("tool"), 0755u);
  EXPECT_EQ(Mode(ObjectOf("#!")), 0444u);
}

TEST_F(ObjectStoreTest, WhatALinkPointsToStaysAsItIs) {
  ObjectStore store({.cache_dir = dir_ / "cache", .link_types = {LinkType::kHardlink}});
  Write("outside", "1");
  const std::uint32_t mode = Mode("outside");
  ASSERT_TRUE(os::MakeDirs(dir_ / "d"));
  fs::create_symlink(dir_ / "outside", dir_ / "d/a");
  ASSERT_TRUE(store.Put(dir_ / "d", {.relink = true}));
  EXPECT_EQ(Mode("outside"), mode);
  EXPECT_EQ(os::Stat(dir_ / "outside")->links, 1u);
  EXPECT_EQ(os::StatLink(dir_ / "d/a")->inode, os::Stat(ObjectOf("1"))->inode) << "the workspace has the object";
}

TEST_F(ObjectStoreTest, SymlinksPointToTheObject) {
  ObjectStore store({.cache_dir = dir_ / "cache", .link_types = {LinkType::kSymlink}});
  Write("d/a", "1");
  ASSERT_TRUE(store.Put(dir_ / "d", {.relink = true}));
  EXPECT_EQ(fs::read_symlink(dir_ / "d/a"), fs::absolute(ObjectOf("1")));
  // Back to copies.
  ObjectStore copies({.cache_dir = dir_ / "cache", .link_types = {LinkType::kCopy}});
  ASSERT_TRUE(copies.Put(dir_ / "d", {.relink = true}));
  EXPECT_EQ(os::StatLink(dir_ / "d/a")->kind, os::FileKind::kFile);
  EXPECT_EQ(Read("d/a"), "1");
}

TEST_F(ObjectStoreTest, SharedCachesAreOpenToTheGroup) {
  ObjectStore store({.cache_dir = dir_ / "shared", .group_shared = true});
  Write("d/a", "1");
  ASSERT_TRUE(store.Put(dir_ / "d"));
  EXPECT_EQ(Mode("shared/files/md5"), 02775u);
  EXPECT_EQ(Mode(store.PathOf(Md5Hex("1")).parent_path()), 02775u);
  EXPECT_EQ(Mode(store.PathOf(Md5Hex("1"))), 0444u);
}

TEST_F(ObjectStoreTest, LegacyObjectsHaveTheirOwnPlaceAndHash) {
  Write("d/crlf", "x\r\ny\r\n");
  const ObjectInfo info = *store_.Put(dir_ / "d", {.legacy = true});
  const std::string legacy = "1b5bb282b8f8792875e3c4203cfa9c57";
  EXPECT_EQ(store_.ReadTree(info.md5, true)->Find("crlf")->md5, *ParseMd5(legacy));
  EXPECT_EQ(*os::ReadFile(dir_ / "cache/1b" / legacy.substr(2)), "x\r\ny\r\n") << "the bytes are kept as they are";
  EXPECT_TRUE(*store_.Has(info.md5, true));
  EXPECT_FALSE(*store_.Has(info.md5, false));
  ASSERT_TRUE(os::Chmod(dir_ / "cache/1b" / legacy.substr(2), 0644));
  EXPECT_TRUE(*store_.Has(info.md5, true)) << "checked by the same hash";
}

TEST_F(ObjectStoreTest, ADirObjectMustHaveItsMd5) {
  Write("d/a", "1");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  const fs::path object = store_.PathOf(info.md5);
  ASSERT_TRUE(os::Chmod(object, 0644));
  ASSERT_TRUE(os::WriteFileAtomic(object, "[]"));
  ASSERT_TRUE(os::Chmod(object, 0444));
  EXPECT_EQ(store_.ReadTree(info.md5).error().code, Code::kCorrupt);
  EXPECT_EQ(store_.ReadTree(std::string(32, '0') + ".dir").error().code, Code::kNotFound);
  EXPECT_EQ(store_.ReadTree("x").error().code, Code::kInvalid);
}

TEST_F(ObjectStoreTest, BytesAndAdoptedFiles) {
  const ObjectId id = *store_.PutBytes("text");
  EXPECT_EQ(*os::ReadFile(store_.PathOf(id)), "text");
  EXPECT_EQ(Mode(store_.PathOf(id)), 0444u);
  Write("old", "legacy");
  const ObjectId old{*ParseMd5(Md5Hex("legacy")), false, false};
  ASSERT_TRUE(store_.Adopt(dir_ / "old", old));
  EXPECT_TRUE(*store_.HasObject(old));
  Tree tree;
  tree.Add("x", old.md5);
  tree.Seal();
  EXPECT_TRUE(*store_.Has(store_.PutDirObject(tree)->md5));
}

// The same bytes put by many threads and by two stores at once: one object, no rest.
TEST_F(ObjectStoreTest, StoresDoNotDisturbEachOther) {
  for (int i = 0; i < 200; ++i) Write("d/" + std::to_string(i), std::to_string(i % 20));
  ObjectStore other(dir_ / "cache");
  std::string md5;
  {
    std::jthread thread([&] { md5 = other.Put(dir_ / "d", {.work = {.threads = 4}})->md5; });
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(store_.Put(dir_ / "d", {.work = {.threads = 4}}));
  }
  EXPECT_TRUE(*store_.Has(md5));
  EXPECT_TRUE(NoTemps(dir_ / "cache"));
}

class StopAfter final : public Progress {
 public:
  StopAfter(std::atomic<bool>& stop, std::uint64_t items) : stop_(stop), items_(items) {}
  void Expect(std::uint64_t items, std::uint64_t bytes) override {
    expected_items += items;
    expected_bytes += bytes;
  }
  void Done(std::uint64_t items, std::uint64_t bytes) override {
    done_bytes += bytes;
    if ((done_items += items) >= items_) stop_ = true;
  }
  std::atomic<std::uint64_t> expected_items = 0;
  std::atomic<std::uint64_t> expected_bytes = 0;
  std::atomic<std::uint64_t> done_items = 0;
  std::atomic<std::uint64_t> done_bytes = 0;

 private:
  std::atomic<bool>& stop_;
  std::uint64_t items_;
};

TEST_F(ObjectStoreTest, ProgressIsToldAndStopped) {
  for (int i = 0; i < 500; ++i) Write("d/" + std::to_string(i), std::to_string(i));
  std::atomic<bool> stop = false;
  StopAfter some(stop, 100);
  EXPECT_EQ(store_.Put(dir_ / "d", {.work = {.progress = &some, .cancelled = &stop}}).error().code, Code::kCancelled);
  EXPECT_LT(some.done_items, 500u);
  EXPECT_TRUE(NoTemps(dir_ / "cache"));
  std::atomic<bool> go = false;
  StopAfter all(go, 1000);
  ASSERT_TRUE(store_.Put(dir_ / "d", {.work = {.progress = &all, .cancelled = &go}}));
  EXPECT_EQ(all.expected_items, 500u);
  EXPECT_EQ(all.done_items, 500u);
  EXPECT_EQ(all.done_bytes, all.expected_bytes);
}

// A child that is killed in the middle of storing leaves whole objects only, and no .dir.
TEST_F(ObjectStoreTest, AKilledProcessLeavesNoBrokenObjects) {
  for (int i = 0; i < 400; ++i)
    Write("d/" + std::to_string(i), std::string(20'000, static_cast<char>('a' + i % 26)) + std::to_string(i));
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // Tells how far it is, and is killed then.
      struct Telling final : Progress {
        int fd;
        void Expect(std::uint64_t, std::uint64_t) override {}
        void Done(std::uint64_t, std::uint64_t) override { (void)!::write(fd, "x", 1); }
      } telling;
      telling.fd = pipe_ends[1];
      (void)ObjectStore(dir_ / "cache").Put(dir_ / "d", {.work = {.progress = &telling, .threads = 1}});
      ::_exit(0);
    }
    ::close(pipe_ends[1]);
    char byte = 0;
    for (int i = 0; i < 40 + round * 97; ++i) (void)!::read(pipe_ends[0], &byte, 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);
    std::size_t objects = 0;
    ASSERT_TRUE(store_.ForEach(false, [&](const ObjectId& id) -> Result<void> {
      ++objects;
      EXPECT_EQ(Md5Hex(*os::ReadFile(store_.PathOf(id))), HexOf(id.md5));
      EXPECT_TRUE(!id.is_dir || *store_.Has(id.Name())) << "a .dir comes after its files";
      return {};
    }));
    EXPECT_GT(objects, 0u);
  }
  EXPECT_TRUE(*store_.Has(store_.Put(dir_ / "d")->md5));
}

}  // namespace
}  // namespace mlean::cas

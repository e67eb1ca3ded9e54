#include "cas/link.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <chrono>
#include <set>

#include "cas/test_folder.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

class LinkTest : public TestFolder {
 protected:
  void SetUp() override {
    Write("object", "content");
    ASSERT_TRUE(os::MakeDirs(dir_ / "data"));
    ASSERT_TRUE(os::MakeDirs(dir_ / "tmp"));
    watch_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ASSERT_GE(::inotify_add_watch(watch_, (dir_ / "data").c_str(), IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM), 0);
  }
  void TearDown() override { ::close(watch_); }

  // All names that were there, however short, since the last call.
  std::set<std::string> Seen() {
    std::set<std::string> names;
    alignas(inotify_event) char buffer[4096];
    for (ssize_t count = 0; (count = ::read(watch_, buffer, sizeof buffer)) > 0;) {
      for (ssize_t at = 0; at < count;) {
        const auto* const event = reinterpret_cast<const inotify_event*>(buffer + at);
        names.insert(event->name);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    }
    return names;
  }

  int watch_ = -1;
};

TEST_F(LinkTest, NothingElseIsEverBesideTheFile) {
  for (const LinkType type : {LinkType::kCopy, LinkType::kHardlink, LinkType::kSymlink}) {
    Linker linker({type}, dir_ / "tmp");
    const fs::path file = dir_ / "data" / "file";
    ASSERT_TRUE(linker.Link(dir_ / "object", file)) << NameOf(type);
    EXPECT_EQ(Read("data/file"), "content");
    ASSERT_TRUE(os::Remove(file));
    Write("data/file", "old");
    (void)Seen();
    ASSERT_TRUE(linker.Link(dir_ / "object", file)) << NameOf(type);
    EXPECT_EQ(Read("data/file"), "content");
    ASSERT_TRUE(linker.Link(dir_ / "object", file)) << NameOf(type);  // over a link of its kind
    ASSERT_TRUE(os::Remove(file));
    ASSERT_TRUE(linker.Link(dir_ / "object", file)) << NameOf(type);
    EXPECT_EQ(Seen(), std::set<std::string>{"file"}) << NameOf(type);
    ASSERT_TRUE(os::Remove(file));
    EXPECT_TRUE(fs::is_empty(dir_ / "tmp"));
  }
}

TEST_F(LinkTest, ExecutableCopy) {
  Linker linker({LinkType::kSymlink}, dir_ / "tmp");
  ASSERT_TRUE(linker.Link(dir_ / "object", dir_ / "data/x", {.exec = true}));
  EXPECT_EQ(Mode("data/x") & 0777U, linker.mode() | 0100U);
  EXPECT_EQ(Seen(), std::set<std::string>{"x"});
}

TEST_F(LinkTest, WithoutAFolderForTemporaryFilesTheyAreBesideTheFile) {
  for (const fs::path& folder : {fs::path(), dir_ / "missing"}) {
    Linker linker({LinkType::kCopy}, folder);
    Write("data/file", "old");
    ASSERT_TRUE(linker.Link(dir_ / "object", dir_ / "data/file"));
    EXPECT_EQ(Read("data/file"), "content");
    EXPECT_TRUE(NoTemps(dir_ / "data"));
  }
}

TEST_F(LinkTest, WhatIsThereStays) {
  for (const LinkType type : {LinkType::kCopy, LinkType::kHardlink, LinkType::kSymlink}) {
    Linker linker({type}, dir_ / "tmp");
    Write("data/file", "old");
    const Result<LinkType> linked = linker.Link(dir_ / "object", dir_ / "data/file", {.replace = false});
    ASSERT_FALSE(linked);
    EXPECT_EQ(linked.error().code, Code::kExists);
    EXPECT_EQ(Read("data/file"), "old");
  }
  EXPECT_TRUE(fs::is_empty(dir_ / "tmp"));
}

TEST_F(LinkTest, LeftoversAreSwept) {
  // A killed Link leaves a name that the sweep of .dvc/tmp knows.
  Linker linker({LinkType::kCopy}, dir_ / "data");  // watched
  Write("file", "old");
  ASSERT_TRUE(linker.Link(dir_ / "object", dir_ / "file"));
  const std::set<std::string> seen = Seen();
  ASSERT_EQ(seen.size(), 1U);
  Write(fs::path("tmp") / *seen.begin(), "half");
  os::RemoveLeftovers(dir_ / "tmp", std::chrono::seconds(-10));
  EXPECT_TRUE(fs::is_empty(dir_ / "tmp"));
}

}  // namespace
}  // namespace mlean::cas

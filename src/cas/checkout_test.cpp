#include "cas/checkout.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <random>
#include <thread>

#include "base/digest.hpp"
#include "cas/gc.hpp"
#include "cas/link_record.hpp"
#include "cas/test_folder.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

class CheckoutTest : public TestFolder {
 protected:
  CheckoutTest() { EXPECT_TRUE(os::MakeDirs(dir_ / "tmp")); }
  Result<CheckoutResult> Apply(const std::optional<ObjectInfo>& want, const fs::path& target,
                               const CheckoutOptions& options = {}) {
    TRY(CheckoutPlan plan, CheckoutPlan::Make(store_, want, dir_ / target, options));
    return plan.Apply();
  }
  std::vector<std::string> Unsaved(const std::optional<ObjectInfo>& want, const fs::path& target,
                                   const CheckoutOptions& options = {}) {
    std::vector<std::string> names;
    const CheckoutPlan plan = *CheckoutPlan::Make(store_, want, dir_ / target, options);
    for (const std::string& path : plan.unsaved()) names.push_back(fs::path(path).lexically_relative(dir_).native());
    return names;
  }
  void RemoveAll(const fs::path& path) { ASSERT_TRUE(os::RemoveTree(dir_ / path)); }

  HashState state_ = *HashState::Open(dir_ / "tmp/state");
  ObjectStore store_{dir_ / "cache", &state_};
};

TEST_F(CheckoutTest, AFileComesBack) {
  Write("run.sh", "echo\n");
  ASSERT_TRUE(os::Chmod(dir_ / "run.sh", 0755));
  const ObjectInfo info = *store_.Put(dir_ / "run.sh");
  EXPECT_EQ(Apply(info, "run.sh")->change, Change::kNone);
  ASSERT_TRUE(os::Remove(dir_ / "run.sh"));
  const CheckoutResult added = *Apply(info, "sub/run.sh");
  EXPECT_EQ(added.change, Change::kAdded);
  EXPECT_EQ(added.added, 1u);
  EXPECT_EQ(Read("sub/run.sh"), "echo\n");
  EXPECT_EQ(Mode("sub/run.sh"), (0666 & ~Umask()) | 0100u);
  ASSERT_TRUE(os::Chmod(dir_ / "sub/run.sh", 0644));
  const CheckoutResult chmod = *Apply(info, "sub/run.sh");
  EXPECT_EQ(chmod.change, Change::kModified);
  EXPECT_EQ(Mode("sub/run.sh"), 0744u);
  Write("sub/run.sh", "changed");
  EXPECT_EQ(Unsaved(info, "sub/run.sh"), std::vector<std::string>{"sub/run.sh"});
  const CheckoutResult modified = *Apply(info, "sub/run.sh");
  EXPECT_EQ(modified.change, Change::kModified);
  EXPECT_EQ(modified.modified, 1u);
  EXPECT_EQ(Read("sub/run.sh"), "echo\n");
  EXPECT_TRUE(NoTemps(dir_));
}

// A link and the file that it points to, both in the folder: each may go or change first.
TEST_F(CheckoutTest, LinksWithinTheFolder) {
  Write("d/keep", "k");
  Write("d/a", "1");
  const ObjectInfo both = *store_.Put(dir_ / "d");
  ASSERT_TRUE(os::Remove(dir_ / "d/a"));
  const ObjectInfo one = *store_.Put(dir_ / "d");
  for (int i = 0; i < 20; ++i) {
    Write("d/a" + std::to_string(i), "x");
    fs::create_symlink("a" + std::to_string(i), dir_ / ("d/b" + std::to_string(i)));
  }
  fs::create_symlink("nowhere", dir_ / "d/broken");
  EXPECT_TRUE(Unsaved(one, "d").size() == 40) << "a link to nothing holds nothing";
  const Result<CheckoutResult> done = Apply(one, "d");
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_TRUE(done->warnings.empty());
  EXPECT_EQ(*os::ListDir(dir_ / "d"), std::vector<std::string>{"keep"});

  fs::create_symlink("keep", dir_ / "d/a");
  Write("d/keep", "changed");
  const Result<CheckoutResult> replaced = Apply(both, "d");
  ASSERT_TRUE(replaced) << replaced.error().what;
  EXPECT_EQ(Read("d/a") + Read("d/keep"), "1k");
  EXPECT_FALSE(fs::is_symlink(dir_ / "d/a"));
}

TEST_F(CheckoutTest, AFolderComesBack) {
  Write("d/a", "1");
  Write("d/s/b", "2");
  Write("d/s/c", "3");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  EXPECT_EQ(Apply(info, "d")->change, Change::kNone);
  Write("d/s/b", "3");
  Write("d/extra/deep", "1");
  ASSERT_TRUE(os::Remove(dir_ / "d/s/c"));
  const CheckoutResult result = *Apply(info, "d");
  EXPECT_EQ(result.change, Change::kModified);
  EXPECT_EQ(result.added, 1u);
  EXPECT_EQ(result.modified, 1u);
  EXPECT_EQ(result.deleted, 1u);
  EXPECT_FALSE(os::Exists(dir_ / "d/extra"));
  EXPECT_EQ(HashTree(dir_ / "d")->info.md5, info.md5);
  RemoveAll("d");
  const CheckoutResult anew = *Apply(info, "d");
  EXPECT_EQ(anew.change, Change::kAdded);
  EXPECT_EQ(anew.added, 3u);
  EXPECT_EQ(HashTree(dir_ / "d")->info.md5, info.md5);
  // Empty folders do not belong to it, as in DVC.
  ASSERT_TRUE(os::MakeDirs(dir_ / "d/empty/deep"));
  EXPECT_EQ(Apply(info, "d")->change, Change::kModified);
  EXPECT_FALSE(os::Exists(dir_ / "d/empty"));
  Write("none/x", "");
  ASSERT_TRUE(os::Remove(dir_ / "none/x"));
  const ObjectInfo empty = *store_.Put(dir_ / "none");
  RemoveAll("none");
  EXPECT_EQ(Apply(empty, "none")->change, Change::kAdded);
  EXPECT_TRUE(os::IsDir(dir_ / "none"));
}

TEST_F(CheckoutTest, WhatWasMadeIsRemembered) {
  for (int i = 0; i < 50; ++i) Write("d/" + std::to_string(i), std::to_string(i));
  const ObjectInfo info = *store_.Put(dir_ / "d");
  RemoveAll("d");
  ASSERT_TRUE(Apply(info, "d"));
  while (!HashState::IsSettled(*FactsOf(dir_ / "d/49"), state_.Now()) ||
         !HashState::IsSettled(*FactsOf(dir_ / "d/0"), state_.Now())) {
    std::this_thread::yield();
  }
  ASSERT_TRUE(state_.Save());
  EXPECT_TRUE(state_.Find(HashState::KeyOfFolder((dir_ / "d").native(), *ScanTree(dir_ / "d"))));
  EXPECT_TRUE(state_.Find(HashState::KeyOfFile((dir_ / "d/7").native(), *FactsOf(dir_ / "d/7"))));
  // The same after a part was made.
  ASSERT_TRUE(os::Remove(dir_ / "d/3"));
  ASSERT_TRUE(Apply(info, "d"));
  while (!HashState::IsSettled(*FactsOf(dir_ / "d/3"), state_.Now())) std::this_thread::yield();
  ASSERT_TRUE(state_.Save());
  EXPECT_TRUE(state_.Find(HashState::KeyOfFolder((dir_ / "d").native(), *ScanTree(dir_ / "d"))));
}

TEST_F(CheckoutTest, UnsavedFilesAreToldBeforeAnythingIsTouched) {
  Write("d/a", "1");
  Write("d/b", "2");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  Write("d/b", "1");      // in the cache: may go
  Write("d/new", "new");  // not
  Write("d/a", "changed");
  EXPECT_EQ(Unsaved(info, "d"), (std::vector<std::string>{"d/a", "d/new"}));
  const Result<CheckoutResult> refused = Checkout(store_, info, dir_ / "d", false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_EQ(refused.error().what, fmt::format("Can't remove the following unsaved files without confirmation. Use `--force` to "
                                              "force.\n{0}/d/a\n{0}/d/new",
                                              dir_.string()));
  EXPECT_EQ(Read("d/a"), "changed");
  EXPECT_EQ(Read("d/b"), "1");
  ASSERT_TRUE(Checkout(store_, info, dir_ / "d", true));
  EXPECT_EQ(HashTree(dir_ / "d")->info.md5, info.md5);
}

TEST_F(CheckoutTest, MissingObjectsAreToldAndTheRestIsDone) {
  Write("d/a", "1");
  Write("d/b", "2");
  Write("d/s/c", "2");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  ASSERT_TRUE(os::Remove(store_.PathOf(Md5Hex("2"))));
  RemoveAll("d");
  EXPECT_EQ(Checkout(store_, info, dir_ / "d", true).error().code, Code::kNotFound);
  EXPECT_FALSE(os::Exists(dir_ / "d"));
  const CheckoutResult result = *Apply(info, "d");
  ASSERT_EQ(result.missing.size(), 2u);
  EXPECT_EQ(result.missing[0].path, (dir_ / "d/b").native());
  EXPECT_EQ(HexOf(result.missing[0].id.md5), Md5Hex("2"));
  EXPECT_EQ(Read("d/a"), "1");
  // A modified file whose object is missing stays.
  Write("d/b", "mine");
  ASSERT_TRUE(Apply(info, "d"));
  EXPECT_EQ(Read("d/b"), "mine");
  // The same of a single file, and of a folder in its place.
  Write("f", "3");
  const ObjectInfo file = *store_.Put(dir_ / "f");
  ASSERT_TRUE(os::Remove(store_.PathOf(file.md5)));
  ASSERT_TRUE(os::Remove(dir_ / "f"));
  Write("f/x", "1");
  const CheckoutResult kept = *Apply(file, "f");
  EXPECT_EQ(kept.missing.size(), 1u);
  EXPECT_EQ(kept.change, Change::kNone);
  EXPECT_EQ(Read("f/x"), "1");
  // A .dir that is missing.
  ASSERT_TRUE(os::Remove(store_.PathOf(info.md5)));
  RemoveAll("d");
  EXPECT_EQ(Apply(info, "d")->missing.at(0).id.Name(), info.md5);
}

TEST_F(CheckoutTest, RelinkingKeepsWhatIsNotInTheCache) {
  Write("d/a", "1");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  ASSERT_TRUE(os::Remove(store_.PathOf(Md5Hex("1"))));
  ObjectStore hard({.cache_dir = dir_ / "cache", .state = &state_, .link_types = {LinkType::kHardlink}});
  EXPECT_EQ(Checkout(hard, info, dir_ / "d", false, {.relink = true}).error().code, Code::kNotFound);
  CheckoutPlan plan = *CheckoutPlan::Make(hard, info, dir_ / "d", {.relink = true});
  EXPECT_EQ(plan.unsaved(), std::vector<std::string>{(dir_ / "d/a").native()});
  EXPECT_EQ(plan.missing().size(), 1u);
  ASSERT_TRUE(plan.Apply());
  EXPECT_EQ(Read("d/a"), "1");
}

TEST_F(CheckoutTest, CorruptObjectsAreNotUsed) {
  Write("d/a", "good");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  const fs::path object = store_.PathOf(Md5Hex("good"));
  ASSERT_TRUE(os::Chmod(object, 0644));
  ASSERT_TRUE(os::WriteFileAtomic(object, "evil"));
  RemoveAll("d");
  EXPECT_EQ(Apply(info, "d")->missing.size(), 1u);
  EXPECT_FALSE(os::Exists(dir_ / "d/a"));
}

TEST_F(CheckoutTest, FilesAndFoldersTakeEachOthersPlace) {
  Write("f", "1");
  Write("d/a", "2");
  Write("d/s/b", "1");
  Write("e/a/x", "1");
  Write("e/s", "2");
  const ObjectInfo file = *store_.Put(dir_ / "f");
  const ObjectInfo folder = *store_.Put(dir_ / "d");
  const ObjectInfo other = *store_.Put(dir_ / "e");
  const CheckoutResult to_folder = *Apply(folder, "f");
  EXPECT_EQ(to_folder.change, Change::kModified);
  EXPECT_EQ(to_folder.added, 2u);
  EXPECT_EQ(to_folder.deleted, 0u);
  EXPECT_EQ(HashTree(dir_ / "f")->info.md5, folder.md5);
  const CheckoutResult to_file = *Apply(file, "f");
  EXPECT_EQ(to_file.change, Change::kModified);
  EXPECT_EQ(to_file.modified, 1u);
  EXPECT_EQ(to_file.deleted, 2u);
  EXPECT_EQ(Read("f"), "1");
  // Inside of a folder: a file becomes a folder and a folder a file.
  ASSERT_TRUE(Apply(other, "d"));
  EXPECT_EQ(HashTree(dir_ / "d")->info.md5, other.md5);
  ASSERT_TRUE(Apply(folder, "d"));
  EXPECT_EQ(HashTree(dir_ / "d")->info.md5, folder.md5);
}

TEST_F(CheckoutTest, OutputsAreRemoved) {
  Write("f", "1");
  Write("d/a", "2");
  Write("d/s/b", "unsaved");
  ASSERT_TRUE(store_.Put(dir_ / "f"));
  ASSERT_TRUE(store_.Put(dir_ / "d"));
  Write("d/s/b", "later");
  EXPECT_EQ(Unsaved(std::nullopt, "d"), std::vector<std::string>{"d/s/b"});
  EXPECT_EQ(Apply(std::nullopt, "d")->change, Change::kDeleted);
  EXPECT_FALSE(os::Exists(dir_ / "d"));
  EXPECT_EQ(Apply(std::nullopt, "f")->deleted, 1u);
  EXPECT_FALSE(os::Exists(dir_ / "f"));
  EXPECT_EQ(Apply(std::nullopt, "f")->change, Change::kNone);
}

TEST_F(CheckoutTest, IgnoredFilesStay) {
  Write("d/a", "1");
  Write("d/log", "2");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  const CheckoutOptions options{.ignored = [](std::string_view path, bool) { return path.ends_with(".tmp") || path == "log"; }};
  Write("d/x.tmp", "keep");
  Write("d/old/y.tmp", "keep");
  Write("d/old/z", "1");
  Write("d/log", "other");
  EXPECT_EQ(Unsaved(info, "d", options), std::vector<std::string>{"d/log"}) << "ignored, but in the way";
  ASSERT_TRUE(Apply(info, "d", options));
  EXPECT_EQ(Read("d/x.tmp"), "keep");
  EXPECT_EQ(Read("d/old/y.tmp"), "keep");
  EXPECT_FALSE(os::Exists(dir_ / "d/old/z"));
  EXPECT_EQ(Read("d/log"), "2");
}

TEST_F(CheckoutTest, WhatIsInTheWayIsNotWrittenThrough) {
  Write("d/s/a", "1");
  Write("d/p", "1");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  RemoveAll("d");
  Write("elsewhere/a", "precious");
  ASSERT_TRUE(os::MakeDirs(dir_ / "d"));
  fs::create_directory_symlink(dir_ / "elsewhere", dir_ / "d/s");
  ASSERT_EQ(::mkfifo((dir_ / "d/p").c_str(), 0600), 0);
  EXPECT_EQ(Unsaved(info, "d"), (std::vector<std::string>{"d/p", "d/s"}));
  ASSERT_TRUE(Apply(info, "d"));
  EXPECT_EQ(Read("elsewhere/a"), "precious");
  EXPECT_EQ(HashTree(dir_ / "d")->info.md5, info.md5);
  // A link that leads nowhere is nobody's content.
  ASSERT_TRUE(os::Remove(dir_ / "d/p"));
  fs::create_symlink("nowhere", dir_ / "f");
  Write("g", "1");
  EXPECT_TRUE(Unsaved(*store_.Put(dir_ / "g"), "f").empty());
  ASSERT_TRUE(Apply(*store_.Put(dir_ / "g"), "f"));
  EXPECT_EQ(Read("f"), "1");
  EXPECT_EQ(os::StatLink(dir_ / "f")->kind, os::FileKind::kFile);
}

// Somebody keeps the folder elsewhere: that is checked out there, unless it would lose what is nowhere else.
TEST_F(CheckoutTest, ALinkInTheFoldersPlaceGoesBeforeWhatItLeadsTo) {
  Write("d/a", "2");
  ASSERT_TRUE(store_.Put(dir_ / "d"));
  Write("d/a", "1");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  RemoveAll("d");
  Write("elsewhere/a", "2");
  fs::create_directory_symlink(dir_ / "elsewhere", dir_ / "d");
  EXPECT_TRUE(Unsaved(info, "d").empty());
  ASSERT_TRUE(Apply(info, "d"));
  EXPECT_TRUE(fs::is_symlink(dir_ / "d"));
  EXPECT_EQ(Read("elsewhere/a"), "1");
  Write("elsewhere/a", "precious");
  Write("elsewhere/sub/b", "precious");
  EXPECT_EQ(Unsaved(info, "d"), std::vector<std::string>{"d"});
  ASSERT_TRUE(Apply(info, "d"));
  EXPECT_FALSE(fs::is_symlink(dir_ / "d"));
  EXPECT_EQ(Read("d/a"), "1");
  EXPECT_EQ(Read("elsewhere/a"), "precious");
  EXPECT_EQ(Read("elsewhere/sub/b"), "precious");
}

TEST_F(CheckoutTest, ChangesBetweenTheStepsAreNotOverwritten) {
  Write("d/a", "1");
  Write("d/b", "2");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  Write("d/a", "2");
  ASSERT_TRUE(os::Remove(dir_ / "d/b"));
  CheckoutPlan plan = *CheckoutPlan::Make(store_, info, dir_ / "d");
  Write("d/a", "mine");
  EXPECT_EQ(plan.Apply().error().code, Code::kConflict);
  EXPECT_EQ(Read("d/a"), "mine");
  Write("d/a", "1");
  ASSERT_TRUE(os::RemoveTree(dir_ / "d/b"));
  CheckoutPlan second = *CheckoutPlan::Make(store_, info, dir_ / "d");
  Write("d/b", "mine");
  EXPECT_EQ(second.Apply().error().code, Code::kConflict);
  EXPECT_EQ(Read("d/b"), "mine");
}

TEST_F(CheckoutTest, LinkTypes) {
  Write("d/a", "1");
  Write("d/empty", "");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  const fs::path object = store_.PathOf(Md5Hex("1"));
  ObjectStore hard({.cache_dir = dir_ / "cache", .state = &state_, .link_types = {LinkType::kHardlink, LinkType::kCopy}});
  ObjectStore sym({.cache_dir = dir_ / "cache", .state = &state_, .link_types = {LinkType::kSymlink}});
  ObjectStore copy({.cache_dir = dir_ / "cache", .state = &state_, .link_types = {LinkType::kReflink, LinkType::kCopy}});
  RemoveAll("d");
  ASSERT_TRUE(Checkout(hard, info, dir_ / "d", false));
  EXPECT_EQ(os::Stat(dir_ / "d/a")->inode, os::Stat(object)->inode);
  EXPECT_EQ(os::Stat(dir_ / "d/empty")->links, 1u);
  EXPECT_EQ(Mode("d/a"), 0444u);
  EXPECT_EQ(Checkout(sym, info, dir_ / "d", false)->change, Change::kNone) << "without relink links stay as they are";
  const CheckoutResult relinked = *Checkout(sym, info, dir_ / "d", false, {.relink = true});
  EXPECT_EQ(relinked.relinked, 2u);
  EXPECT_EQ(relinked.change, Change::kNone);
  EXPECT_EQ(fs::read_symlink(dir_ / "d/a"), object);
  EXPECT_EQ(Checkout(sym, info, dir_ / "d", false, {.relink = true})->relinked, 0u);
  EXPECT_EQ(Checkout(copy, info, dir_ / "d", false, {.relink = true})->relinked, 2u);
  EXPECT_EQ(os::StatLink(dir_ / "d/a")->kind, os::FileKind::kFile);
  EXPECT_EQ(Mode("d/a"), 0666 & ~Umask());
  // Nothing to do, but for the mode, as in DVC.
  ASSERT_TRUE(os::Chmod(dir_ / "d/a", 0400));
  const std::uint64_t inode = os::Stat(dir_ / "d/a")->inode;
  ObjectStore plain({.cache_dir = dir_ / "cache", .state = &state_, .link_types = {LinkType::kCopy}});
  EXPECT_EQ(Checkout(plain, info, dir_ / "d", false, {.relink = true})->relinked, 0u);
  EXPECT_EQ(Mode("d/a"), 0666 & ~Umask());
  EXPECT_EQ(os::Stat(dir_ / "d/a")->inode, inode);
  EXPECT_EQ(Checkout(hard, info, dir_ / "d", false, {.relink = true})->change, Change::kNone);
  EXPECT_EQ(os::Stat(dir_ / "d/a")->inode, os::Stat(object)->inode) << "a copy, which the types allow too, is not good enough";
  ASSERT_TRUE(Unprotect(hard, dir_ / "d"));
  EXPECT_EQ(os::Stat(dir_ / "d/a")->links, 1u);
  EXPECT_EQ(Mode("d/a"), 0666 & ~Umask());
  EXPECT_EQ(Mode(object), 0444u);
  ASSERT_TRUE(Checkout(sym, info, dir_ / "d", false, {.relink = true}));
  ASSERT_TRUE(Unprotect(hard, dir_ / "d/a"));
  EXPECT_EQ(Read("d/a"), "1");
  EXPECT_EQ(os::StatLink(dir_ / "d/a")->kind, os::FileKind::kFile);
  EXPECT_EQ(Unprotect(hard, dir_ / "gone").error().code, Code::kNotFound);
  EXPECT_TRUE(NoTemps(dir_));
}

TEST_F(CheckoutTest, APartOfAFolder) {
  Write("d/s/a", "1");
  Write("d/s/b", "2");
  Write("d/c", "3");
  const Tree tree = store_.PutTree(dir_ / "d")->tree;
  RemoveAll("d");
  CheckoutPlan plan = *CheckoutPlan::Make(store_, tree.Subtree("s"), false, dir_ / "d/s");
  EXPECT_EQ(plan.Apply()->added, 2u);
  EXPECT_EQ(Read("d/s/b"), "2");
  EXPECT_FALSE(os::Exists(dir_ / "d/c"));
}

// Random folders, put, changed at will and brought back by every kind of link: always the wanted one.
TEST_F(CheckoutTest, RandomFoldersComeBack) {
  std::mt19937 random(11);
  const auto fill = [&](const fs::path& root) {
    std::map<std::string, std::string> made;
    for (int i = 0; i < 25; ++i) {
      std::string path;
      for (unsigned depth = 0; depth <= random() % 3; ++depth)
        path += (depth == 0 ? "" : "/") + std::string(1, static_cast<char>('a' + random() % 4));
      const bool taken = std::any_of(made.begin(), made.end(), [&](const auto& entry) {
        return entry.first.starts_with(path + "/") || path.starts_with(entry.first + "/");
      });
      if (!taken) made[path] = std::string(random() % 40, static_cast<char>('0' + random() % 3));
    }
    for (const auto& [path, text] : made) Write(root / path, text);
  };
  const std::vector<std::vector<LinkType>> kinds = {
      {LinkType::kReflink, LinkType::kCopy}, {LinkType::kHardlink}, {LinkType::kSymlink}, {LinkType::kCopy}};
  std::vector<ObjectInfo> versions;
  for (int i = 0; i < 12; ++i) {
    RemoveAll("v");
    fill("v");
    versions.push_back(*store_.Put(dir_ / "v"));
  }
  ASSERT_TRUE(os::MakeDirs(dir_ / "w"));
  for (int i = 0; i < 60; ++i) {
    ObjectStore store({.cache_dir = dir_ / "cache", .state = &state_, .link_types = kinds[random() % kinds.size()]});
    const ObjectInfo& want = versions[random() % versions.size()];
    const bool relink = random() % 2 == 0;
    const Result<CheckoutResult> done = Checkout(store, want, dir_ / "w", false, {.relink = relink});
    ASSERT_TRUE(done) << "all versions are in the cache: " << done.error().what;
    ASSERT_EQ(HashTree(dir_ / "w")->info.md5, want.md5) << i;
    ASSERT_EQ(HashPath(dir_ / "w", {.state = &state_})->md5, want.md5);
    ASSERT_EQ(Checkout(store, want, dir_ / "w", false)->change, Change::kNone);
    if (i % 7 == 0) {
      ASSERT_TRUE(state_.Save());
    }
  }
  for (const ObjectInfo& info : versions) EXPECT_TRUE(*store_.Has(info.md5));
}

class GcTest : public CheckoutTest {};

TEST_F(GcTest, UnusedObjectsGoFoldersFirst) {
  Write("d/a", "1");
  Write("d/b", "22");
  Write("e/a", "1");
  Write("e/c", "333");
  const ObjectInfo kept = *store_.Put(dir_ / "d");
  const ObjectInfo unused = *store_.Put(dir_ / "e");
  ASSERT_TRUE(store_.Put(dir_ / "e", {.legacy = true}));
  ObjectSet keep;
  keep.Add(*ObjectId::Parse(kept.md5));
  keep.AddFilesOf(*store_.ReadTree(kept.md5));
  keep.Seal();
  std::vector<std::string> gone;
  const auto note = [&](const ObjectId& id, std::uint64_t size) { gone.push_back(fmt::format("{} {}", id.Name(), size)); };
  const CollectReport dry = *CollectGarbage(store_, keep, false, {.dry = true, .on_object = note});
  EXPECT_EQ(dry.objects, 2u);
  const std::uint64_t dir_size = store_.ReadTree(unused.md5)->Body().size();
  EXPECT_EQ(dry.bytes, 3 + dir_size);
  EXPECT_EQ(gone, (std::vector<std::string>{fmt::format("{} {}", unused.md5, dir_size), Md5Hex("333") + " 3"}));
  EXPECT_TRUE(*store_.Has(unused.md5));
  Write(fs::path("cache/files/md5") / kept.md5.substr(0, 2) / ".abc.tmp", "half");
  Write("cache/files/md5/readme", "not ours");
  const TimeMs now = SystemClock().Now();
  EXPECT_EQ(CollectGarbage(store_, keep, false, {.now = now})->objects, 2u);
  EXPECT_FALSE(NoTemps(dir_ / "cache")) << "it may be being written";
  EXPECT_EQ(CollectGarbage(store_, keep, false, {.now = now + 2 * kDayMs})->objects, 0u);
  EXPECT_TRUE(NoTemps(dir_ / "cache"));
  EXPECT_TRUE(*store_.Has(kept.md5));
  EXPECT_FALSE(*store_.Has(unused.md5));
  EXPECT_TRUE(*store_.Has(unused.md5, true)) << "the other layout is another matter";
  EXPECT_EQ(Read("cache/files/md5/readme"), "not ours");
  EXPECT_EQ(CollectGarbage(store_, {}, true)->objects, 3u);
}

class LinkRecordTest : public CheckoutTest {};

TEST_F(LinkRecordTest, OutputsThatNobodyHasAnyMoreAreFound) {
  Write("d/a", "1");
  Write("f", "2");
  Write("g", "3");
  {
    LinkRecord record = *LinkRecord::Open(dir_ / "tmp/links", dir_);
    for (const char* path : {"d", "f", "g"}) ASSERT_TRUE(record.Note(dir_ / path));
    ASSERT_TRUE(record.Save());
  }
  LinkRecord record = *LinkRecord::Open(dir_ / "tmp/links", dir_);
  EXPECT_EQ(record.size(), 3u);
  EXPECT_EQ(*record.Unused({dir_ / "f"}), (std::vector<fs::path>{dir_ / "d", dir_ / "g"}));
  Write("g", "edited");
  EXPECT_EQ(*record.Unused({}), (std::vector<fs::path>{dir_ / "d", dir_ / "f"})) << "touched ones stay";
  Write("d/b", "new");
  EXPECT_EQ(*record.Unused({}), std::vector<fs::path>{dir_ / "f"});
  const auto rule = [](const fs::path&) -> IgnoreRule { return [](std::string_view path, bool) { return path == "b"; }; };
  EXPECT_EQ(*record.Unused({}, rule), (std::vector<fs::path>{dir_ / "d", dir_ / "f"}));
  record.Forget(dir_ / "f");
  ASSERT_TRUE(os::Remove(dir_ / "d/a"));
  EXPECT_TRUE(record.Unused({})->empty());
  ASSERT_TRUE(record.Save());
  EXPECT_EQ(LinkRecord::Open(dir_ / "tmp/links", dir_)->size(), 2u);
  std::string bytes = Read("tmp/links");
  bytes[20] ^= 1;
  Write("tmp/links", bytes);
  EXPECT_EQ(LinkRecord::Open(dir_ / "tmp/links", dir_)->size(), 0u);
}

}  // namespace
}  // namespace mlean::cas

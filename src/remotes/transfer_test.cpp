#include "remotes/transfer.hpp"

#include <sys/stat.h>

#include "remotes/collect.hpp"
#include "remotes/fixture_test.hpp"
#include "remotes/run_cache.hpp"

namespace mlean::remotes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class TransferTest : public RemoteTest {};

TEST_F(TransferTest, PushesAFolderWithItsFilesAndFetchesItBack) {
  const ObjectId a = Make(cache_, "a");
  const ObjectId b = Make(cache_, "bb");
  const ObjectId dir = MakeFolder(cache_, {a, b, a});
  const ObjectId single = Make(cache_, "single");
  const TransferReport pushed = *Push(*remote_, cache_, {{dir}, {single}, {single}}, options_);
  EXPECT_EQ(pushed.objects, 4u);
  EXPECT_EQ(pushed.dirs, 1u);
  EXPECT_EQ(pushed.bytes, 1u + 2u + 6u + 3 * 33u);
  EXPECT_TRUE(pushed.Ok());
  for (const ObjectId& id : {a, b, dir, single}) {
    EXPECT_EQ(os::Stat(place_ / id.Key())->mode, 0444u) << id.Name();
  }
  EXPECT_THAT(Litter(place_), IsEmpty());

  const TransferReport again = *Push(*remote_, cache_, {{dir}, {single}}, options_);
  EXPECT_EQ(again.objects, 0u);
  EXPECT_EQ(again.present, 2u);

  const std::filesystem::path other = dir_.path() / "other";
  const TransferReport fetched = *Fetch(*remote_, other, {{dir}, {single}}, options_);
  EXPECT_EQ(fetched.objects, 4u);
  EXPECT_EQ(fetched.bytes, pushed.bytes);
  EXPECT_EQ(os::Stat(other / b.Key())->mode, 0444u);
  EXPECT_EQ(*os::ReadFile(other / b.Key()), "bb");
  EXPECT_TRUE(Has(other, dir));
  EXPECT_THAT(Litter(other), IsEmpty());
  EXPECT_EQ(Fetch(*remote_, other, {{dir}, {single}}, options_)->objects, 0u);
}

TEST_F(TransferTest, TheFolderGoesLast) {
  std::vector<ObjectId> files;
  for (int i = 0; i < 50; ++i) files.push_back(Make(cache_, std::to_string(i)));
  const ObjectId dir = MakeFolder(cache_, files);
  FaultyRemote remote(*remote_, {.jobs = 8});
  std::atomic<int> put = 0;
  remote.before = [&](std::string_view verb, std::string_view key) -> Result<void> {
    if (verb != "put") return {};
    if (key.ends_with(".dir")) {
      EXPECT_EQ(put, 50);
    }
    ++put;
    return {};
  };
  EXPECT_EQ(Push(remote, cache_, {{dir}}, options_)->objects, 51u);
  EXPECT_EQ(put, 51);
}

TEST_F(TransferTest, AFailedFileKeepsItsFolderOut) {
  const ObjectId a = Make(cache_, "a");
  const ObjectId b = Make(cache_, "b");
  const ObjectId dir = MakeFolder(cache_, {a, b});
  const ObjectId good = MakeFolder(cache_, {a});
  FaultyRemote remote(*remote_, {.jobs = 2});
  remote.before = [&](std::string_view verb, std::string_view key) -> Result<void> {
    if (verb == "put" && key == b.Key()) return Fail(Code::kIo, "cannot write: broken");
    return {};
  };
  const TransferReport report = *Push(remote, cache_, {{dir}, {good}}, options_);
  ASSERT_EQ(report.failed.size(), 1u);
  EXPECT_EQ(report.failed[0].id, b);
  EXPECT_EQ(report.failed[0].error.what, "cannot write: broken");
  EXPECT_THAT(report.withheld, ElementsAre(dir));
  EXPECT_FALSE(Has(place_, dir));
  EXPECT_TRUE(Has(place_, good));
  // The next push brings the rest only.
  const TransferReport next = *Push(*remote_, cache_, {{dir}, {good}}, options_);
  EXPECT_EQ(next.objects, 2u);
  EXPECT_TRUE(Has(place_, dir));
}

TEST_F(TransferTest, WhatIsNowhereIsMissing) {
  const ObjectId a = Make(cache_, "a");
  const ObjectId only_there = Make(place_, "there");
  const ObjectId nowhere = *ObjectId::Parse(Md5Hex("nowhere"));
  const ObjectId dir = MakeFolder(cache_, {a, only_there, nowhere});
  const ObjectId no_dir = *ObjectId::Parse(Md5Hex("no dir") + ".dir");
  const TransferReport report = *Push(*remote_, cache_, {{dir}, {no_dir}}, options_);
  EXPECT_THAT(report.missing, UnorderedElementsAre(nowhere, no_dir));
  EXPECT_THAT(report.withheld, ElementsAre(dir));
  EXPECT_TRUE(report.Ok());
  EXPECT_EQ(report.objects, 1u);
  EXPECT_FALSE(Has(place_, dir));

  // On the way back the folder is kept: its file is known to be nowhere.
  const ObjectId dir_there = MakeFolder(place_, {a, nowhere});
  const std::filesystem::path other = dir_.path() / "other";
  const TransferReport fetched = *Fetch(*remote_, other, {{dir_there}, {no_dir}}, options_);
  EXPECT_THAT(fetched.missing, UnorderedElementsAre(nowhere, no_dir));
  EXPECT_TRUE(Has(other, dir_there));
  EXPECT_TRUE(Has(other, a));
}

TEST_F(TransferTest, APresentFolderIsTrustedUnlessToRepair) {
  const ObjectId a = Make(cache_, "a");
  const ObjectId b = Make(cache_, "b");
  const ObjectId dir = MakeFolder(cache_, {a, b});
  ASSERT_TRUE(Push(*remote_, cache_, {{dir}}, options_));
  std::filesystem::remove(place_ / a.Key());
  EXPECT_EQ(Push(*remote_, cache_, {{dir}}, options_)->objects, 0u);
  EXPECT_FALSE(Has(place_, a));
  options_.repair = true;
  EXPECT_EQ(Push(*remote_, cache_, {{dir}}, options_)->objects, 1u);
  EXPECT_TRUE(Has(place_, a));
  // The folder's own object may be gone here: the remote's copy names the files.
  std::filesystem::remove(place_ / b.Key());
  std::filesystem::remove(cache_ / dir.Key());
  EXPECT_EQ(Push(*remote_, cache_, {{dir}}, options_)->objects, 1u);
}

TEST_F(TransferTest, AFetchedObjectMustBeWhatItsNameSays) {
  const ObjectId a = Make(place_, "a");
  const ObjectId bad = Make(place_, "bad");
  std::filesystem::permissions(place_ / bad.Key(), std::filesystem::perms::owner_all);
  ASSERT_TRUE(os::WriteFileAtomic(place_ / bad.Key(), "BAD"));
  const ObjectId dir = MakeFolder(place_, {a, bad});
  const TransferReport report = *Fetch(*remote_, cache_, {{dir}}, options_);
  ASSERT_EQ(report.failed.size(), 1u);
  EXPECT_EQ(report.failed[0].error.code, Code::kCorrupt);
  EXPECT_EQ(report.failed[0].error.what,
            fmt::format("cannot fetch '{}': its md5 is {} instead of {}", bad.Key(), Md5Hex("BAD"), bad.Name()));
  EXPECT_THAT(report.withheld, ElementsAre(dir));
  EXPECT_EQ(report.objects, 1u);
  EXPECT_TRUE(Has(cache_, a));
  EXPECT_FALSE(Has(cache_, bad));
  EXPECT_FALSE(Has(cache_, dir));
  EXPECT_THAT(Litter(cache_), IsEmpty());
}

TEST_F(TransferTest, AWritableCacheObjectIsNotTrusted) {
  const ObjectId a = Make(cache_, "a");
  const ObjectId b = Make(cache_, "b");
  ASSERT_TRUE(os::Chmod(cache_ / a.Key(), 0644));
  ASSERT_TRUE(os::Chmod(cache_ / b.Key(), 0644));
  ASSERT_TRUE(os::WriteFileAtomic(cache_ / b.Key(), "B"));
  EXPECT_EQ(*FindInCache(cache_, a), Cached::kSound);
  EXPECT_EQ(os::Stat(cache_ / a.Key())->mode, 0444u);
  EXPECT_EQ(*FindInCache(cache_, b), Cached::kCorrupt);
  const TransferReport pushed = *Push(*remote_, cache_, {{a}, {b}}, options_);
  EXPECT_EQ(pushed.objects, 1u);
  ASSERT_EQ(pushed.failed.size(), 1u);
  EXPECT_EQ(pushed.failed[0].error.what, fmt::format("cannot push '{}': the cache's copy is damaged", b.Name()));
  EXPECT_FALSE(Has(place_, b));
  // A fetch mends it.
  Make(place_, "b");
  EXPECT_EQ(Fetch(*remote_, cache_, {{a}, {b}}, options_)->objects, 1u);
  EXPECT_EQ(*os::ReadFile(cache_ / b.Key()), "b");
}

TEST_F(TransferTest, LegacyObjectsKeepTheirLayout) {
  const ObjectId a = Make(cache_, "a\n", false, true);
  EXPECT_EQ((*Push(*remote_, cache_, {{a}}, options_)).objects, 1u);
  EXPECT_TRUE(os::Exists(place_ / a.Name().substr(0, 2) / a.Name().substr(2)));
  // Its name is the md5 after CRLF became LF.
  std::filesystem::remove(place_ / a.Key());
  ASSERT_TRUE(os::WriteFileAtomic(place_ / a.Key(), "a\r\n"));
  options_.legacy_hash = [](const std::filesystem::path& file) -> Result<std::string> {
    TRY(const std::string text, os::ReadFile(file));
    return Md5Hex(ReplaceAll(text, "\r\n", "\n"));
  };
  const std::filesystem::path other = dir_.path() / "other";
  EXPECT_EQ(Fetch(*remote_, other, {{a}}, options_)->objects, 1u);
  EXPECT_EQ(*os::ReadFile(other / a.Key()), "a\r\n");
  ASSERT_TRUE(os::WriteFileAtomic(place_ / a.Key(), "b\r\n"));
  EXPECT_EQ(Fetch(*remote_, dir_.path() / "third", {{a}}, options_)->failed.size(), 1u);
}

TEST_F(TransferTest, ADeadRemoteEndsTheTransferEarly) {
  std::vector<WantedObject> wanted;
  for (int i = 0; i < 500; ++i) wanted.push_back({Make(cache_, std::to_string(i))});
  FaultyRemote remote(*remote_, {.cheap_exists = true, .jobs = 4});
  std::atomic<int> tried = 0;
  remote.before = [&](std::string_view verb, std::string_view) -> Result<void> {
    if (verb == "put" && ++tried > 100) return Fail(Code::kIo, "cannot write: connection refused");
    return {};
  };
  const TransferReport report = *Push(remote, cache_, wanted, options_);
  EXPECT_EQ(report.objects, 100u);
  EXPECT_EQ(report.failed.size(), 400u);
  EXPECT_LT(tried, 130);
  EXPECT_EQ(report.failed[0].error.code, Code::kIo);
}

TEST_F(TransferTest, CancelKeepsWhatHasArrived) {
  std::vector<WantedObject> wanted;
  for (int i = 0; i < 200; ++i) wanted.push_back({Make(cache_, std::to_string(i))});
  std::atomic<bool> cancel = false;
  FaultyRemote remote(*remote_, {.cheap_exists = true, .jobs = 4}, &cancel);
  std::atomic<int> put = 0;
  remote.before = [&](std::string_view verb, std::string_view) -> Result<void> {
    if (verb == "put" && ++put == 50) cancel = true;
    return {};
  };
  EXPECT_EQ(Push(remote, cache_, wanted, options_).error().code, Code::kCancelled);
  const std::size_t arrived = os::ListTree(place_)->size();
  EXPECT_GE(arrived, 50u);
  EXPECT_LT(arrived, 60u);
  cancel = false;
  EXPECT_EQ(Push(remote, cache_, wanted, options_)->objects, 200 - arrived);
}

TEST_F(TransferTest, AsksFewAndListsMany) {
  std::vector<ObjectId> ids;
  for (int i = 0; i < 1500; ++i) ids.push_back(Make(i % 2 == 0 ? place_ : cache_, std::to_string(i)));
  FaultyRemote remote(*remote_, {.page_size = 1000, .jobs = 8});
  std::vector<bool> found = *FindOnRemote(remote, ids);
  EXPECT_EQ(remote.stats, 0);
  EXPECT_GT(remote.lists, 0);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(found[i], i % 2 == 0) << i;
  remote.lists = 0;
  ids.resize(100);
  found = *FindOnRemote(remote, ids);
  EXPECT_EQ(remote.stats, 100);
  EXPECT_EQ(remote.lists, 0);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(found[i], i % 2 == 0) << i;
  remote.before = [](std::string_view, std::string_view) -> Result<void> { return Fail(Code::kDenied, "no"); };
  EXPECT_EQ(FindOnRemote(remote, ids).error().code, Code::kDenied);
}

TEST_F(TransferTest, ListsByFoldersWhenTheRemoteIsLarge) {
  // Pages of one: 256 listings one behind the other would take longer than by folder.
  std::vector<ObjectId> ids;
  for (int i = 0; i < 1200; ++i) ids.push_back(Make(i % 4 == 0 ? place_ : cache_, std::to_string(i)));
  FaultyRemote remote(*remote_, {.page_size = 4, .jobs = 8});
  const std::vector<bool> found = *FindOnRemote(remote, ids);
  EXPECT_EQ(remote.stats, 0);
  EXPECT_GT(remote.lists, 200);  // only folders that may hold what is asked for
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(found[i], i % 4 == 0) << i;
}

TEST_F(TransferTest, TellsProgress) {
  std::vector<WantedObject> wanted;
  for (int i = 0; i < 20; ++i) wanted.push_back({Make(cache_, std::to_string(i)), 2});
  TransferProgress last;
  options_.on_progress = [&](const TransferProgress& progress) { last = progress; };
  const TransferReport report = *Push(*remote_, cache_, wanted, options_);
  EXPECT_EQ(last.phase, TransferProgress::Phase::kTransferring);
  EXPECT_EQ(last.objects, 20u);
  EXPECT_EQ(last.object_total, 20u);
  EXPECT_EQ(last.bytes, report.bytes);
  EXPECT_EQ(last.byte_total, report.bytes);
}

TEST_F(TransferTest, WithoutVerifyingItCopiesAsItIs) {
  const ObjectId a = Make(place_, "a");
  options_.verify = false;
  EXPECT_EQ(Fetch(*remote_, cache_, {{a}}, options_)->bytes, 1u);
  EXPECT_EQ(os::Stat(cache_ / a.Key())->mode, 0444u);
}

TEST_F(TransferTest, GroupSharedFoldersAreGroupWritable) {
  const ObjectId a = Make(place_, "a");
  options_.group_shared = true;
  ASSERT_TRUE(Fetch(*remote_, cache_, {{a}}, options_));
  EXPECT_EQ(os::Stat((cache_ / a.Key()).parent_path())->mode, 02775u);
}

TEST_F(TransferTest, LoadsTreesFromEitherSide) {
  const ObjectId dir = MakeFolder(place_, {*ObjectId::Parse(Md5Hex("x"))});
  EXPECT_EQ(LoadTree(nullptr, cache_, dir).error().code, Code::kNotFound);
  EXPECT_EQ(*LoadTree(remote_.get(), cache_, dir), Md5Hex("x") + "\n");
  std::filesystem::permissions(place_ / dir.Key(), std::filesystem::perms::owner_all);
  ASSERT_TRUE(os::WriteFileAtomic(place_ / dir.Key(), "damaged"));
  EXPECT_EQ(LoadTree(remote_.get(), cache_, dir).error().code, Code::kCorrupt);
}

TEST_F(TransferTest, CollectsFoldersFirst) {
  const ObjectId keep = Make(place_, "keep");
  const ObjectId gone = Make(place_, "gone");
  const ObjectId old = Make(place_, "old", false, true);
  const ObjectId dir = MakeFolder(place_, {keep, gone});
  ASSERT_TRUE(os::WriteFileAtomic(place_ / "files/md5/README", "mine"));
  std::vector<ObjectId> used = {keep};
  std::vector<std::string> order;
  CollectOptions options{.dry = true, .on_object = [&](const ObjectId& id, std::uint64_t) { order.push_back(id.Name()); }};
  EXPECT_EQ(CollectRemote(*remote_, used, options)->objects, 3u);
  EXPECT_TRUE(Has(place_, gone));
  EXPECT_EQ(order[0], dir.Name());
  options.dry = false;
  const CollectReport report = *CollectRemote(*remote_, used, options);
  EXPECT_EQ(report.objects, 3u);
  EXPECT_EQ(report.bytes, 4u + 3u + 2 * 33u);
  EXPECT_FALSE(Has(place_, gone) || Has(place_, old) || Has(place_, dir));
  EXPECT_TRUE(Has(place_, keep));
  EXPECT_TRUE(os::Exists(place_ / "files/md5/README"));

  // When a folder cannot go, no file goes.
  Make(place_, "gone");
  MakeFolder(place_, {gone});
  FaultyRemote remote(*remote_, {.jobs = 2});
  remote.before = [](std::string_view verb, std::string_view key) -> Result<void> {
    if (verb == "remove" && key.ends_with(".dir")) return Fail(Code::kDenied, "no");
    return {};
  };
  EXPECT_EQ(CollectRemote(remote, used).error().code, Code::kDenied);
  EXPECT_TRUE(Has(place_, gone));
}

TEST_F(TransferTest, MovesTheRunCache) {
  const std::string key(64, 'a');
  const std::string value(64, 'b');
  const std::string path = "runs/aa/" + key + "/" + value;
  ASSERT_TRUE(os::MakeDirs((cache_ / path).parent_path()));
  ASSERT_TRUE(os::WriteFileAtomic(cache_ / path, "cmd: x\n"));
  ASSERT_TRUE(os::WriteFileAtomic(cache_ / "runs/aa/note", "mine"));
  EXPECT_EQ(*PushRuns(*remote_, cache_), 1u);
  EXPECT_EQ(*PushRuns(*remote_, cache_), 0u);
  const std::filesystem::path other = dir_.path() / "other";
  EXPECT_EQ(*FetchRuns(*remote_, other), 1u);
  EXPECT_EQ(*os::ReadFile(other / path), "cmd: x\n");
  EXPECT_EQ(*FetchRuns(*remote_, other), 0u);
  FaultyRemote http(*remote_, {.can_list = false});
  EXPECT_EQ(PushRuns(http, cache_).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace mlean::remotes

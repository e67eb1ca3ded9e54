// For tests of the remotes room: a cache and a local remote in a temporary folder, and a remote that misbehaves on demand.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "os/files.hpp"
#include "remotes/remote.hpp"
#include "remotes/transfer.hpp"

namespace mlean::remotes {

// Hands everything to a local remote, after asking the hooks.
class FaultyRemote final : public Remote {
 public:
  FaultyRemote(Remote& inner, Traits traits, const std::atomic<bool>* cancel = nullptr)
      : Remote(inner.url(), traits, cancel), inner_(inner) {}

  Result<FileInfo> Stat(std::string_view key) override {
    ++stats;
    if (before) TRYV(before("stat", key));
    return inner_.Stat(key);
  }
  Result<void> List(std::string_view prefix, const ListSink& sink) override {
    ++lists;
    if (before) TRYV(before("list", prefix));
    return inner_.List(prefix, sink);
  }
  Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) override {
    if (before) TRYV(before("read", key));
    return inner_.Read(key, offset, sink);
  }
  Result<void> Put(const std::filesystem::path& file, std::string_view key, const PutOptions& options) override {
    if (before) TRYV(before("put", key));
    return inner_.Put(file, key, options);
  }
  Result<void> Remove(std::span<const std::string> keys, int jobs) override {
    for (const std::string& key : keys) {
      if (before) TRYV(before("remove", key));
    }
    return inner_.Remove(keys, jobs);
  }

  std::function<Result<void>(std::string_view verb, std::string_view key)> before;
  std::atomic<int> stats = 0;
  std::atomic<int> lists = 0;

 private:
  Remote& inner_;
};

class RemoteTest : public testing::Test {
 protected:
  RemoteTest() : dir_(*os::TempDir::Make("remotes")) {
    cache_ = dir_.path() / "cache";
    place_ = dir_.path() / "place";
    remote_ = *OpenRemote({.url = place_.string()});
    options_.read_tree = [](std::string_view body, bool legacy) -> Result<std::vector<ObjectId>> {
      std::vector<ObjectId> ids;  // one name a line
      for (const std::string& line : Split(body, '\n')) {
        if (line.empty()) continue;
        const std::optional<ObjectId> id = ObjectId::Parse(line, legacy);
        if (!id) return Fail(Code::kCorrupt, "cannot read folder: bad line");
        ids.push_back(*id);
      }
      return ids;
    };
  }

  // Puts an object into a store (the cache, or the folder of the remote).
  static ObjectId Make(const std::filesystem::path& store, const std::string& content, bool is_dir = false, bool legacy = false) {
    const ObjectId id = *ObjectId::Parse(Md5Hex(content) + (is_dir ? ".dir" : ""), legacy);
    const std::filesystem::path path = store / id.Key();
    EXPECT_TRUE(os::MakeDirs(path.parent_path()));
    EXPECT_TRUE(os::WriteFileAtomic(path, content, {.sync = false}));
    EXPECT_TRUE(os::Chmod(path, 0444));
    return id;
  }
  static ObjectId MakeFolder(const std::filesystem::path& store, const std::vector<ObjectId>& files) {
    std::string body;
    for (const ObjectId& id : files) body += id.Name() + "\n";
    return Make(store, body, true);
  }
  static bool Has(const std::filesystem::path& store, const ObjectId& id) { return os::Exists(store / id.Key()); }
  // Whatever stands in the store that is no object.
  static std::vector<std::string> Litter(const std::filesystem::path& store) {
    std::vector<std::string> litter;
    const std::vector<os::TreeEntry> entries = *os::ListTree(store);
    for (const os::TreeEntry& entry : entries) {
      if (!ObjectOfKey(entry.path)) litter.push_back(entry.path);
    }
    return litter;
  }

  os::TempDir dir_;
  std::filesystem::path cache_;
  std::filesystem::path place_;
  std::unique_ptr<Remote> remote_;
  TransferOptions options_;
};

}  // namespace mlean::remotes

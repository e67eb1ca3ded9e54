#include "flows/data/cloud_status.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "cas/work.hpp"
#include "flows/data/move_objects.hpp"
#include "flows/data/open_remote.hpp"
#include "remotes/transfer.hpp"

namespace mlean::flows {
namespace {

struct IdHash {
  std::size_t operator()(const cas::ObjectId& id) const {
    std::size_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | id.md5[i];
    return value ^ static_cast<std::size_t>(id.is_dir) ^ static_cast<std::size_t>(id.legacy) << 1;
  }
};

class Comparison {
 public:
  Comparison(Repository& repository, const ObjectQuery& query, int jobs) : repository_(repository), query_(query), jobs_(jobs) {}

  Result<metrics::CloudStates> Run() {
    ObjectQuery query = query_;
    query.push = true;
    TRY(std::vector<UsedObject> used, FindUsedObjects(repository_, query));
    std::erase_if(used, [](const UsedObject& one) { return !one.remote.empty(); });
    if (used.empty()) return metrics::CloudStates();
    TRY(remote_, OpenDataRemote(repository_, query_.remote, "status"));
    std::vector<cas::ObjectId> folders;
    for (const UsedObject& one : used) {
      if (one.id.is_dir) folders.push_back(one.id);
    }
    // An HTTP server that is away has nothing, as in DVC.
    TRY(const std::vector<bool> there, Ask(folders));
    std::size_t at = 0;
    for (const UsedObject& one : used) {
      if (one.id.is_dir) {
        TRYV(AddFolder(one, there[at++]));
      } else {
        Add(one.id, one.name, false);
      }
    }
    WarnMissing(repository_, lost_, "name: None, ");
    TRYV(Compare());
    return std::move(states_);
  }

 private:
  struct Entry {
    cas::ObjectId id;
    std::string name;
    bool here = false;
    bool there = false;
  };

  Result<std::vector<bool>> Ask(const std::vector<cas::ObjectId>& ids) {
    if (is_away_) return std::vector<bool>(ids.size(), false);
    Result<std::vector<bool>> there = remotes::FindOnRemote(*remote_, ToRemote(ids), jobs_);
    if (there || there.error().code == Code::kCancelled || !remotes::SchemeOf(remote_->url()).starts_with("http")) return there;
    is_away_ = true;
    if (repository_.say()) repository_.say()(pipeline::Level::kWarning, there.error().what);
    return std::vector<bool>(ids.size(), false);
  }

  // The first name of an object counts.
  Entry* Add(const cas::ObjectId& id, std::string name, bool there) {
    const auto [at, is_new] = index_.emplace(id, entries_.size());
    if (is_new) entries_.push_back({.id = id, .name = std::move(name)});
    Entry& entry = entries_[at->second];
    entry.there = entry.there || there;
    return &entry;
  }

  // A .dir on the remote is proof of its files.
  Result<void> AddFolder(const UsedObject& used, bool there) {
    TRY(bool here, repository_.store().HasObject(used.id));
    // DVC, too, brings the .dir here, to know the files.
    if (!here && there) here = FetchFolderObject(repository_, *remote_, used.id).ok();
    const Result<cas::Tree> tree = LoadFolder(repository_, nullptr, used.id);
    if (!tree) {
      if (tree.error().code != Code::kNotFound && tree.error().code != Code::kCorrupt) return tree.error();
      lost_.push_back(used.id);
      return {};
    }
    Add(used.id, used.name, there)->here = here;
    for (const cas::TreeFile& file : *tree) {
      if (IsPart(used, file.path)) Add({file.md5, false, used.id.legacy}, fmt::format("{}/{}", used.name, file.path), there);
    }
    return {};
  }

  Result<void> Compare() {
    std::vector<cas::ObjectId> unknown;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].there || entries_[i].id.is_dir) continue;
      unknown.push_back(entries_[i].id);
      places.push_back(i);
    }
    TRY(const std::vector<bool> there, Ask(unknown));
    for (std::size_t i = 0; i < places.size(); ++i) entries_[places[i]].there = there[i];
    constexpr std::size_t kGrain = 256;
    TRYV(cas::ParallelFor(repository_.work(), entries_.size(), kGrain, [&](std::size_t i, int) -> Result<void> {
      Entry& entry = entries_[i];
      if (entry.here) return {};
      TRY(entry.here, repository_.store().HasObject(entry.id));
      return {};
    }));
    Tell("deleted", [](const Entry& entry) { return entry.there && !entry.here; });
    Tell("new", [](const Entry& entry) { return entry.here && !entry.there; });
    Tell("missing", [](const Entry& entry) { return !entry.here && !entry.there; });
    return {};
  }

  template <class Which>
  void Tell(const char* state, Which which) {
    for (const Entry& entry : entries_) {
      if (which(entry)) states_.emplace_back(entry.name, state);
    }
  }

  Repository& repository_;
  const ObjectQuery& query_;
  int jobs_;
  std::unique_ptr<remotes::Remote> remote_;
  bool is_away_ = false;
  std::vector<Entry> entries_;
  std::unordered_map<cas::ObjectId, std::size_t, IdHash> index_;
  std::vector<cas::ObjectId> lost_;
  metrics::CloudStates states_;
};

}  // namespace

Result<metrics::CloudStates> DataCloudStatus(Repository& repository, const ObjectQuery& query, int jobs) {
  return Comparison(repository, query, jobs).Run();
}

}  // namespace mlean::flows

#include "flows/data/cloud_status.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include "cas/work.hpp"
#include "flows/data/move_objects.hpp"
#include "flows/data/open_remote.hpp"
#include "remotes/transfer.hpp"

namespace mlean::flows {
namespace {

// An object and the first path that it has. Small, for there may be millions.
struct Entry {
  cas::ObjectId id;
  bool here = false;
  bool there = false;
  const UsedObject* used = nullptr;
  const cas::TreeFile* file = nullptr;  // in `used`; null: that itself

  std::string Name() const { return file == nullptr ? used->name : fmt::format("{}/{}", used->name, file->path); }
};

// What is compared, and all that the names of its entries need.
struct Objects {
  std::vector<UsedObject> used;
  std::deque<cas::Tree> trees;
  std::deque<Entry> entries;
};

struct Told {
  const Entry* entry;
  std::string_view state;
};

class Comparison {
 public:
  Comparison(Repository& repository, const ObjectQuery& query, int jobs) : repository_(repository), query_(query), jobs_(jobs) {}

  // Once.
  Result<void> Run() {
    ObjectQuery query = query_;
    query.push = true;
    TRY(used_, FindUsedObjects(repository_, query));
    std::erase_if(used_, [](const UsedObject& one) { return !one.remote.empty(); });
    if (used_.empty()) return {};
    TRY(remote_, OpenDataRemote(repository_, query_.remote, "status"));
    std::vector<cas::ObjectId> folders;
    for (const UsedObject& one : used_) {
      if (one.id.is_dir) folders.push_back(one.id);
    }
    // An HTTP server that is away has nothing, as in DVC.
    TRY(const std::vector<bool> there, Ask(folders));
    std::size_t at = 0;
    for (const UsedObject& one : used_) {
      if (one.id.is_dir) {
        TRYV(AddFolder(one, there[at++]));
      } else {
        entries_.push_back({.id = one.id, .used = &one});
      }
    }
    WarnMissing(repository_, lost_, "name: None, ");
    KeepFirst();
    return Compare();
  }

  const std::shared_ptr<Objects>& objects() const { return objects_; }
  // The deleted ones first, then the new and the missing ones.
  std::vector<Told> Tell() const {
    std::vector<Told> told;
    const auto tell = [&](std::string_view state, bool here, bool there) {
      for (const Entry& entry : entries_) {
        if (entry.here == here && entry.there == there) told.push_back({&entry, state});
      }
    };
    tell("deleted", false, true);
    tell("new", true, false);
    tell("missing", false, false);
    return told;
  }

 private:
  Result<std::vector<bool>> Ask(const std::vector<cas::ObjectId>& ids) {
    if (is_away_) return std::vector<bool>(ids.size(), false);
    Result<std::vector<bool>> there = remotes::FindOnRemote(*remote_, ToRemote(ids), jobs_);
    if (there || there.error().code == Code::kCancelled || !remotes::SchemeOf(remote_->url()).starts_with("http")) return there;
    is_away_ = true;
    if (repository_.say()) repository_.say()(pipeline::Level::kWarning, there.error().what);
    return std::vector<bool>(ids.size(), false);
  }

  // Of the entries of one object the first one stays; it is where any of them is.
  void KeepFirst() {
    std::vector<std::uint32_t> order(entries_.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return entries_[a].id != entries_[b].id ? entries_[a].id < entries_[b].id : a < b;
    });
    for (std::size_t i = 0, first = 0; i < order.size(); ++i) {
      Entry& entry = entries_[order[i]];
      Entry& kept = entries_[order[first]];
      if (entry.id != kept.id) first = i;
      if (entry.id != kept.id || i == first) continue;
      kept.here = kept.here || entry.here;
      kept.there = kept.there || entry.there;
      entry.used = nullptr;
    }
    std::erase_if(entries_, [](const Entry& entry) { return entry.used == nullptr; });
  }

  // A .dir on the remote is proof of its files.
  Result<void> AddFolder(const UsedObject& used, bool there) {
    TRY(bool here, repository_.store().HasObject(used.id));
    // DVC, too, brings the .dir here, to know the files.
    if (!here && there) here = FetchFolderObject(repository_, *remote_, used.id).ok();
    Result<cas::Tree> tree = LoadFolder(repository_, nullptr, used.id);
    if (!tree) {
      if (tree.error().code != Code::kNotFound && tree.error().code != Code::kCorrupt) return tree.error();
      lost_.push_back(used.id);
      return {};
    }
    entries_.push_back({.id = used.id, .here = here, .there = there, .used = &used});
    for (const cas::TreeFile& file : trees_.emplace_back(*std::move(tree))) {
      if (!IsPart(used, file.path)) continue;
      entries_.push_back({.id = {file.md5, false, used.id.legacy}, .there = there, .used = &used, .file = &file});
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
    return {};
  }

  Repository& repository_;
  const ObjectQuery& query_;
  int jobs_;
  std::unique_ptr<remotes::Remote> remote_;
  bool is_away_ = false;
  const std::shared_ptr<Objects> objects_ = std::make_shared<Objects>();
  std::vector<UsedObject>& used_ = objects_->used;
  std::deque<cas::Tree>& trees_ = objects_->trees;
  std::deque<Entry>& entries_ = objects_->entries;
  std::vector<cas::ObjectId> lost_;
};

}  // namespace

Result<metrics::CloudStates> DataCloudStatus(Repository& repository, const ObjectQuery& query, int jobs) {
  Comparison comparison(repository, query, jobs);
  TRYV(comparison.Run());
  std::vector<Told> told = comparison.Tell();
  const std::size_t count = told.size();
  return metrics::CloudStates(count, [objects = comparison.objects(), told = std::move(told)](std::size_t i) {
    return metrics::CloudState{told[i].entry->Name(), told[i].state};
  });
}

}  // namespace mlean::flows

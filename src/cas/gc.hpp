// Garbage collection of the local cache: removes the objects that nobody needs, folders first, so that no .dir stands without its
// files, wherever the removal is interrupted.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cas/object_store.hpp"

namespace mlean::cas {

// A set of objects in 18 bytes each: Add in any order, Seal once, then ask.
class ObjectSet {
 public:
  void Add(const ObjectId& id) { ids_.push_back(id); }
  // The files that a folder names.
  void AddFilesOf(const Tree& tree, bool legacy = false);
  void Seal();
  bool Contains(const ObjectId& id) const;
  std::size_t size() const { return ids_.size(); }
  const std::vector<ObjectId>& ids() const { return ids_; }

 private:
  std::vector<ObjectId> ids_;
};

struct CollectOptions {
  bool dry = false;  // remove nothing
  TimeMs now = 0;    // wall time, for the age of temporary files; 0: leave them all
  // Called for each object that goes (or would go), folders first, sorted, by one thread.
  std::function<void(const ObjectId& id, std::uint64_t size)> on_object;
  Work work;
};

struct CollectReport {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

// Keeps what is in `keep` (sealed), removes the other objects of one layout. Temporary files of killed processes that are older
// than a day go too and are not counted; other files that are no objects stay.
Result<CollectReport> CollectGarbage(const ObjectStore& store, const ObjectSet& keep, bool legacy,
                                     const CollectOptions& options = {});

}  // namespace mlean::cas

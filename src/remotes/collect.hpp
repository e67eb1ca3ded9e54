// Garbage collection of a remote: removes the objects that nobody needs, folder objects first, so that no .dir ever stands
// without its files, wherever the removal is interrupted.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "remotes/object_id.hpp"
#include "remotes/remote.hpp"

namespace mlean::remotes {

struct CollectOptions {
  bool dry = false;  // remove nothing
  int jobs = 0;
  // Called by the calling thread for each object that goes (or would go), folders first.
  std::function<void(const ObjectId& id, std::uint64_t size)> on_object;
};

struct CollectReport {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

// Keeps the ids in `used` (sorted), removes every other object in both layouts; files that are no objects stay. kUnsupported for
// a remote that cannot list.
Result<CollectReport> CollectRemote(Remote& remote, const std::vector<ObjectId>& used, const CollectOptions& options = {});

// All objects of the remote, in both layouts, by parallel listings. The sink is called by one thread at a time.
Result<void> ListObjects(Remote& remote, int jobs, const std::function<void(const ObjectId& id, std::uint64_t size)>& sink);

}  // namespace mlean::remotes

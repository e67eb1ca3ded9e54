// Gc: what `dvc gc` does: removes from the cache, and from the remote when asked, the objects that the chosen revisions do not
// use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "flows/data/repository.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {

struct GcRequest {
  repo::RevisionQuery revisions;  // what they use is kept, besides what the workspace uses
  bool workspace = false;         // -w: nothing but the workspace
  bool cloud = false;             // also the remote
  bool not_in_remote = false;     // keep only what the remote lacks
  std::string remote;             // "" the default one
  int jobs = 0;
  std::vector<std::filesystem::path> projects;  // absolute; what these use is kept too
  bool skip_failed = false;                     // go on after a revision that cannot be read
  bool force = false;                           // ask nothing
  bool dry = false;
  bool has_number = false;                        // -n was given, and not 0
  std::function<bool(std::string_view)> confirm;  // asked about folders whose .dir is nowhere
  TimeMs now = 0;                                 // wall time
};

struct GcReport {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

// Checks what is asked for, with DVC's texts: "Either of `-w|--workspace`, … needs to be set.", "`--num` can only be used …".
Result<void> CheckGc(const GcRequest& request);
// "This will remove all cache except items used in the workspace and all git tags of the current repo."
std::string GcWarning(const GcRequest& request);

// What goes is told by the repository's `say` as DVC tells it ("Removed 3 objects from repo cache."; with `dry` "Removing <path>"
// for each). Nothing is removed before all that is used is known. The projects are locked meanwhile. Unlike DVC, which keeps on a
// remote that only some outputs name only what these use, no remote loses what any output uses.
Result<GcReport> CollectGarbage(Repository& repository, const GcRequest& request);

}  // namespace mlean::flows

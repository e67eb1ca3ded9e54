// UsedObjects: which stored objects the outputs of stages need, in the workspace and in revisions of git, by the remote that
// keeps them: what push and fetch move, what `status -c` compares and what gc keeps.
//
//   TRY(const std::vector<UsedObject> used, SelectObjects(repository, {.targets = targets, .push = true}));    // push, fetch
//   TRY(const std::vector<UsedObject> used, FindUsedObjects(repository, {.revisions = {.all_tags = true}}));   // status -c, gc
//
// A folder is one entry; its files are read from its .dir object by whoever needs them (LoadFolder).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cas/object_id.hpp"
#include "cas/tree.hpp"
#include "flows/data/repository.hpp"
#include "pipeline/index.hpp"
#include "remotes/remote.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {

struct UsedObject {
  cas::ObjectId id;
  std::uint64_t size = 0;  // as recorded; of a folder the sum; 0: not recorded
  std::string name;        // its output as shown: relative to the working directory
  std::string remote;      // `remote:` of the output; "" for the default one
  // Of a folder: the paths in it that are meant, of files or folders. Empty: all of it.
  std::vector<std::string> parts;
};

struct ObjectQuery {
  std::vector<std::string> targets;  // as typed; none: all stages
  bool with_deps = false;
  bool recursive = false;
  repo::RevisionQuery revisions;  // besides the workspace
  bool workspace = true;          // false: only the revisions
  bool push = false;              // leave out what is never pushed: `push: false`, imports of other repositories
  // SelectObjects:
  std::string remote;                     // -r: outputs that belong to another remote are left out
  std::optional<std::uint64_t> max_size;  // bytes: only outputs below it
  std::vector<std::string> types;         // "metrics", "plots": only these; empty: all
  // FindUsedObjects:
  bool skip_failed = false;  // go on, with a warning, after a revision that cannot be read
};

// push and fetch: outputs inside of the project whose hash is known. A revision that cannot be read is left out with the warning
// "failed to collect 'REV', skipping"; the last error is returned when none could be read.
Result<std::vector<UsedObject>> SelectObjects(Repository& repository, const ObjectQuery& query);

// status -c and gc: all outputs that the cache keeps; those without a hash are told as a warning. Error "Failed to collect 'REV':
// …" for a revision that cannot be read.
Result<std::vector<UsedObject>> FindUsedObjects(Repository& repository, const ObjectQuery& query);

// Imports among the targets in an index whose data is on no remote of this project: those of other repositories, and those that
// were not downloaded.
Result<std::vector<pipeline::Stage*>> SelectImports(Repository& repository, pipeline::Index& index, const ObjectQuery& query);

// The files of a folder: from the cache, else from the remote (null: cache only), with nothing stored. kNotFound when it is in
// neither.
Result<cas::Tree> LoadFolder(const Repository& repository, remotes::Remote* remote, const cas::ObjectId& id);
// Whether a file of the folder is among the parts.
bool IsPart(const UsedObject& used, std::string_view path);

// Calls `visit` with the workspace ("workspace") and then each revision (its names, joined by ','), with its index. Commits that
// do not hold the project are passed over. An error of `visit` ends the walk. Without git the workspace only.
using RevisionVisit = std::function<Result<void>(const std::string& name, pipeline::Index& index)>;
Result<void> VisitRevisions(Repository& repository, const repo::RevisionQuery& query, const RevisionVisit& visit,
                            bool workspace = true);

}  // namespace mlean::flows

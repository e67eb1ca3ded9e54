// Where the data of imports comes from: other repositories and urls. What pipeline::Objects asks about them (DataObjects passes
// it on to here), and what `import`, `update` and `fetch` need.
#pragma once

#include <functional>
#include <string>

#include "flows/data/repository.hpp"
#include "pipeline/objects.hpp"
#include "pipeline/stage.hpp"

namespace mlean::flows {

// The commit that an import of a repository would lock now. `revision` "": the one of its file, or the default branch.
Result<std::string> CommitOfImport(const Repository& repository, const pipeline::Dependency& source, const std::string& revision);

// "" when the source of an import is what its file says, else "update available".
Result<std::string> ImportState(const Repository& repository, const pipeline::Stage& stage);

// The content of a dependency that is a url.
Result<pipeline::Content> HashSource(Repository& repository, const pipeline::Dependency& dependency);

// What is at hand for an output, which is still as it was.
using AtHand = std::function<Result<void>(const pipeline::Content& content)>;

// Fetches an import's source to its output's place, taking away what is there only when the new data is at hand. A folder appears
// in one step, after `folder_at_hand`. Locks the commit of a repository that is not locked yet. `objects`: the repository's.
// kNotFound "unexpected error - ['x']" for a path that the source does not have.
Result<void> BringImport(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage,
                         const AtHand& folder_at_hand = {});

// Brings the data of an import, as its file records it, to the cache and nowhere else: `fetch` of imports, whose data is on no
// remote. kNotFound when the source has it no more, or has something else. Returns what was
// brought, which the file of an import that was not downloaded does not say.
Result<pipeline::Content> FetchImport(Repository& repository, const pipeline::Stage& stage);

}  // namespace mlean::flows

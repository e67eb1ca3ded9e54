// The metrics of revisions: what `dvc metrics show` and `dvc metrics diff` read.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flows/data/revision_list.hpp"
#include "metrics/values.hpp"

namespace mlean::flows {

// Parsers of TOML and Python for the metrics room.
metrics::ValueParsers FileParsers();
// The entry of a file that could not be read. `path`: as shown.
metrics::FileValues UnreadFile(std::string path, const Error& error);
// What went wrong with a whole revision, as JSON tells it.
metrics::FileError RevisionError(const Error& error);

// The metrics files of one revision: `files` (locations), else the outputs that are metrics and the `metrics:` lists of dvc.yaml
// files. A folder means all files in it. Errors: dvc files that cannot be read.
Result<std::vector<metrics::FileValues>> MetricsOf(RevisionView& view, const std::vector<std::string>& files);

struct MetricsShowRequest {
  std::vector<std::string> targets;  // files, as typed
  bool all_branches = false;
  bool all_tags = false;
  bool all_commits = false;
};
// One revision "" for the work tree alone; with any of all_… the work tree comes first, unless it is what the checked-out branch
// has.
Result<std::vector<metrics::RevisionValues>> ShowMetrics(Repository& repository, const MetricsShowRequest& request);

struct ValuesDiffRequest {
  std::string old_revision = "HEAD";
  std::string new_revision = std::string(kWorkspace);
  std::vector<std::string> targets;  // files, as typed
  bool deps_only = false;            // params: only those that stages depend on
};
struct ValuesToCompare {
  metrics::RevisionValues old_values;
  metrics::RevisionValues new_values;
};
// Without any commit there is nothing to compare.
Result<ValuesToCompare> MetricsToCompare(Repository& repository, const ValuesDiffRequest& request);

// How the values of one revision are read; used for metrics and for params.
using ReadRevision = std::function<Result<std::vector<metrics::FileValues>>(RevisionView& view)>;
// A revision that fails is told as a warning, "failed to load WHAT in revision 'x', …", and has an error.
metrics::RevisionValues ReadValues(Repository& repository, RevisionView& view, std::string name, std::string_view what,
                                   const ReadRevision& read);
Result<ValuesToCompare> ReadSides(Repository& repository, const ValuesDiffRequest& request, std::string_view what,
                                  const ReadRevision& read);

}  // namespace mlean::flows

// Plots: what `dvc plots show` and `dvc plots diff` read of the work tree and of revisions.
#pragma once

#include <string>
#include <vector>

#include "flows/data/revision_list.hpp"
#include "metrics/plot_definition.hpp"
#include "metrics/vega_template.hpp"

namespace mlean::flows {

struct PlotsRequest {
  std::vector<std::string> targets;  // ids or files, as typed
  codec::Json props = codec::Json::Object{};
};

// The work tree alone.
Result<std::vector<metrics::PlotRevision>> ShowPlots(Repository& repository, const PlotsRequest& request);

// None: HEAD, when files that git tracks have changed, and the work tree; one: it and the work tree. `experiment`: one experiment
// and the commit it began at. Without any commit nothing. kNotFound "unknown Git revision 'x'".
Result<std::vector<metrics::PlotRevision>> DiffPlots(Repository& repository, const PlotsRequest& request,
                                                     std::vector<std::string> revisions, bool experiment);

// The user's templates: .dvc/plots/NAME, .dvc/plots/NAME.json, NAME.
metrics::TemplateFiles TemplatesOf(const Repository& repository);

}  // namespace mlean::flows

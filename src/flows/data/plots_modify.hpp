// PlotsModify: what `dvc plots modify` does: display properties of a plot in its dvc.yaml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct PlotsModifyRequest {
  std::string target;                             // an output, as typed
  codec::Json props = codec::Json::Object{};      // to set; an output that is no plot becomes one
  std::optional<std::vector<std::string>> unset;  // to take away, of a plot only
};

// Errors with DVC's texts: "Unable to find DVC file with output 'x'", "'x' is not a known plot. …", "display properties ['y'] not
// found in plot 'x'", "Template 'x' not found.".
Result<void> ModifyPlot(Repository& repository, const PlotsModifyRequest& request);

}  // namespace mlean::flows

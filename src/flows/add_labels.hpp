// Labels: the truth about earlier predictions, from a file or a request body. Columns or members: id (the prediction's request
// id), label, and optionally row (index within the request) and time (when the truth came to be).
#pragma once

#include <filesystem>
#include <vector>

#include "flows/workspace.hpp"
#include "predictions/labels_store.hpp"

namespace mlean::flows {

Result<std::vector<predictions::Label>> ReadLabelFile(const std::filesystem::path& file);
// The text of a list of objects. kTooLarge for more than a million.
Result<std::vector<predictions::Label>> ParseLabels(std::string_view text);
// Idempotent: the same label again changes nothing.
Result<predictions::LabelCounts> AddLabels(Workspace& workspace, const std::string& model,
                                           const std::vector<predictions::Label>& labels);

}  // namespace mlean::flows

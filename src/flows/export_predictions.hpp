// The prediction log joined with its labels, as a table anyone can recompute figures from (docs/formats/predictions-export.md).
#pragma once

#include <filesystem>
#include <string>

#include "flows/workspace.hpp"

namespace mlean::flows {

// Columns: id, row, time, version, variant, status, latency_us, input_hash, prediction (or prediction_0 …), label (null while
// unknown), label_arrived, then one column per logged feature, categories as text. One line per answered row, a retried request
// once, in log order. Event times in [from, to). Returns the number of lines.
Result<std::int64_t> ExportPredictions(Workspace& workspace, const std::string& model, TimeMs from, TimeMs to,
                                       const std::filesystem::path& file);

}  // namespace mlean::flows

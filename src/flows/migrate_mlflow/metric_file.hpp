// Inside of this folder: MLflow's metric files, a line for each point: "TIME VALUE STEP[ DATASET DIGEST]"; those of logged models
// have the run's id behind the step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "track/types.hpp"

namespace mlean::flows::migrate_mlflow {

// None for a line that is no point.
std::optional<track::Metric> ParseMetricLine(std::string_view line, const std::string& key, bool logged_model);

struct MetricPiece {
  std::int64_t next = 0;       // where the next piece begins; -1: this was the last
  std::int64_t malformed = 0;  // lines that are no point: left out
};
// Appends the points of whole lines from `offset` on, until `out` holds `limit` or the file ends.
Result<MetricPiece> ReadMetricFile(const std::filesystem::path& file, const std::string& key, bool logged_model,
                                   std::int64_t offset, std::size_t limit, std::vector<track::Metric>& out);

}  // namespace mlean::flows::migrate_mlflow

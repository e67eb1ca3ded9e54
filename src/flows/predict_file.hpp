// Predictions for a whole file, without a server: what `mlean predict` does.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "infer/model.hpp"

namespace mlean::flows {

// Writes the columns of `data` and behind them `prediction` (or prediction_0 … for several classes) and, for classification,
// `label`. Parquet or .csv by the file's name. Returns the number of rows.
Result<std::int64_t> PredictFile(const infer::Model& model, const std::filesystem::path& data,
                                 const std::filesystem::path& output);

}  // namespace mlean::flows

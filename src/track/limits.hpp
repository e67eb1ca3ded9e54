// MLflow's limits and naming rules with MLflow's error texts (reference/mlflow.md 2). Lengths count characters (code points), as
// Python does. `path` is the parameter's name in the request ("metrics[3].key"). Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "track/types.hpp"

namespace mlean::track {

constexpr std::size_t kMaxMetricsPerBatch = 1000;
constexpr std::size_t kMaxParamsPerBatch = 100;
constexpr std::size_t kMaxTagsPerBatch = 100;
constexpr std::size_t kMaxItemsPerBatch = 1000;
constexpr std::size_t kMaxKey = 250;
constexpr std::size_t kMaxParamValue = 6000;           // longer ones are cut
constexpr std::size_t kMaxRunTagValue = 8000;          // longer ones are cut
constexpr std::size_t kMaxExperimentTagValue = 20000;  // longer ones are refused
constexpr std::size_t kMaxExperimentName = 500;
constexpr std::size_t kMaxArtifactLocation = 2048;

enum class KeyOf : std::uint8_t { kMetric, kParam, kTag };
// Keys: at most 250 of [/\w.\- :] (base/words.hpp), not empty, equal to their own normalised path (no "..",
// no leading "/"). `path` defaults to what MLflow's single-item calls say.
Result<void> CheckKey(std::string_view key, KeyOf kind, std::string_view path = {});
// Refuses text of more than `limit` characters: "'<path>' exceeds the maximum length of <limit> characters".
Result<void> CheckLength(std::string_view text, std::size_t limit, std::string_view path);
// The first `limit` characters of `text`.
std::string_view CutTo(std::string_view text, std::size_t limit);
// A batch as runs/log-batch takes it: counts and key rules of every item.
Result<void> CheckBatch(const std::vector<Metric>& metrics, const std::vector<Param>& params, const std::vector<Tag>& tags);
// "[A-Za-z0-9][\w-]{0,255}".
Result<void> CheckRunId(std::string_view run_id);

}  // namespace mlean::track

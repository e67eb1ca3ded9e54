#include "api/mlflow/model_version_number.hpp"

#include <limits>

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::api::mlflow {

Result<int> ParseVersion(std::string_view text) {
  const auto number = ParseInt(text);
  if (number && *number >= 0 && *number <= std::numeric_limits<int>::max()) return static_cast<int>(*number);
  return Fail(Code::kInvalid, fmt::format("Parameter 'version' must be an integer, got '{}'.", text));
}

Result<registry::Stage> ParseStage(std::string_view text) {
  if (const auto stage = registry::ParseStage(text)) return *stage;
  return Fail(Code::kInvalid,
              fmt::format("Invalid Model Version stage: {}. Value must be one of None, Staging, Production, Archived.", text));
}

}  // namespace mlean::api::mlflow

// Versions and stages as MLflow's requests write them.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "registry/types.hpp"

namespace mlean::api::mlflow {

// "3". kInvalid for anything that is no whole number.
Result<int> ParseVersion(std::string_view text);
// kInvalid "Invalid Model Version stage: X. Value must be one of …".
Result<registry::Stage> ParseStage(std::string_view text);

}  // namespace mlean::api::mlflow

// Grants as MLflow's clients see them.
#pragma once

#include <optional>

#include "access/grant_store.hpp"
#include "codec/json.hpp"

namespace mlean::api::mlflow {

// {"experiment_id" or "name", "user_id", "permission"}; nothing when the object is gone.
Result<std::optional<codec::Json>> GrantJson(sql::Conn& conn, const access::Grant& grant);

}  // namespace mlean::api::mlflow

// Inside of this folder: MLflow's SQL schema as its release 3.0 has it, Alembic revision 6953534de441: the tables and names that
// `mlflow db upgrade` of later releases expects to find.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::flows::export_mlflow {

inline constexpr std::string_view kRevision = "6953534de441";

Result<void> CreateTables(sql::Conn& conn);
// After the rows, which go in faster without.
Result<void> CreateIndexes(sql::Conn& conn);

}  // namespace mlean::flows::export_mlflow

// Databases of other programs, such as MLflow's: no migrations, no settings of ours, nothing put into them that was not asked
// for.
//
//   TRY(const std::unique_ptr<sql::Conn> conn, sql::OpenForeign("mlflow.db"));
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::sql {

// Read only, also while its own program writes to it; that one waits while a statement of ours stands on a row, so read in
// pieces. kNotFound when there is no such file, kCorrupt when it is no SQLite database.
Result<std::unique_ptr<Conn>> OpenForeign(const std::filesystem::path& path);
// A new file. kExists when it is there. Transactions are the caller's: Exec("BEGIN"), Exec("COMMIT").
Result<std::unique_ptr<Conn>> CreateForeign(const std::filesystem::path& path);

}  // namespace mlean::sql

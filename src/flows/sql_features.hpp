// Features by SQL: runs a SQL file on DuckDB and writes tables it made as Parquet, all or none. Paths in the SQL are relative to
// the working folder.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::flows {

struct SqlOutput {
  std::string table;  // a table or view that the SQL made
  std::filesystem::path file;
};
struct WrittenTable {
  std::string table;
  std::string file;
  std::int64_t rows = 0;
};
Result<std::vector<WrittenTable>> RunFeatureSql(const std::filesystem::path& sql_file, const std::vector<SqlOutput>& outputs);

// Splits a table for training and testing: by time (the newest part is the test) or by a hash of the row number.
Result<std::vector<WrittenTable>> SplitTable(const std::filesystem::path& data, const std::string& time, double test_fraction,
                                             const std::string& label, const std::filesystem::path& train,
                                             const std::filesystem::path& test);

}  // namespace mlean::flows

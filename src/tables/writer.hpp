// Writing tables as Parquet or CSV files: all or nothing. The bytes go to a temporary file in the target's folder, which is
// synced and renamed over the target; when anything fails (disk full, bad SQL, interrupt) nothing is left behind and an
// existing target is untouched. The same rows give the same bytes: one thread, fixed row groups, zstd level 3.
// Errors: those of the query; kIo naming the target; kNotFound when its folder does not exist.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "tables/engine.hpp"
#include "types/frame.hpp"

namespace mlean::tables {

struct WriteOptions {
  std::int64_t row_group_size = 122'880;  // Parquet
};

// The rows of a SELECT, in its order (give ORDER BY where it matters). Returns the number of rows.
Result<std::int64_t> WriteParquet(Engine& engine, std::string_view select, const std::string& path,
                                  const WriteOptions& options = {});
Result<std::int64_t> WriteParquet(Engine& engine, const types::Frame& frame, const std::string& path,
                                  const WriteOptions& options = {});
// RFC 4180 with a header line; missing is an empty field, times ISO 8601.
Result<std::int64_t> WriteCsv(Engine& engine, std::string_view select, const std::string& path);
Result<std::int64_t> WriteCsv(Engine& engine, const types::Frame& frame, const std::string& path);

}  // namespace mlean::tables

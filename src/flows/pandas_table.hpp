// Reading a data file with the types that pandas gives its columns. tables::DataSource::pandas_types has pandas' missing words;
// here the two rules are added in which DuckDB's type detection of CSV differs:
//   - only True, TRUE, true, False, FALSE, false are bools; "yes", "no", "t", "f" stay text (DuckDB takes them for bools);
//   - "007" and "+5" are numbers (DuckDB leaves them as text).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tables/engine.hpp"
#include "types/frame.hpp"

namespace mlean::flows {

// Errors: those of tables::ReadFrame. A CSV with columns of bools is scanned twice.
Result<types::Frame> ReadAsPandas(tables::Engine& engine, const std::filesystem::path& path,
                                  const std::vector<std::string>& columns = {});

}  // namespace mlean::flows

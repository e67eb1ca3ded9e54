// Reading a data file with the types that pandas gives its columns. tables::DataSource::pandas_types has pandas' missing words;
// here the rule is added in which the type detection of CSV differs still: "007" and "+5" are numbers (DuckDB leaves them as
// text).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tables/engine.hpp"
#include "types/frame.hpp"

namespace mlean::flows {

// Errors: those of tables::ReadFrame.
Result<types::Frame> ReadAsPandas(tables::Engine& engine, const std::filesystem::path& path,
                                  const std::vector<std::string>& columns = {});

}  // namespace mlean::flows

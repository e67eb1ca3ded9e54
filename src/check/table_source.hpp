// TableSource: what validation needs to know and ask of a table. The check room writes SQL (DuckDB's dialect) but does not run
// it: flows implements this over tables::Engine, tests over a fake or the real engine.
// Not thread-safe; outlives the call it is given to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "types/frame.hpp"

namespace mlean::check {

struct SourceColumn {
  std::string name;
  types::Kind kind = types::Kind::kReal;
  std::string sql_type;  // "BIGINT", "DOUBLE", "VARCHAR", "TIMESTAMP" …
};

class TableSource {
 public:
  virtual ~TableSource() = default;
  virtual const std::vector<SourceColumn>& columns() const = 0;
  // The table expression to put after FROM, already quoted.
  virtual const std::string& relation() const = 0;
  // Rows of a SELECT. Integers come as integers, other numbers as doubles, bools as bools, times as
  // "2013-01-01T00:00:00" (with .mmm when there are milliseconds), missing values (NULL and NaN) as null.
  virtual Result<std::vector<std::vector<codec::Json>>> Rows(const std::string& sql) = 0;
};

}  // namespace mlean::check

// FrameFiller: turns DuckDB result chunks into a Frame, column by column. Private to this room.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "tables/duck_api.hpp"
#include "types/frame.hpp"

namespace mlean::tables {

// True when FrameFiller converts this type itself; others must be cast to VARCHAR by the query.
bool FillsNatively(duckdb_type type);

class FrameFiller {
 public:
  // Takes names and types from `result`, which must outlive the filler.
  FrameFiller(const DuckApi& api, duckdb_result& result);
  ~FrameFiller();
  FrameFiller(const FrameFiller&) = delete;
  FrameFiller& operator=(const FrameFiller&) = delete;

  void Append(duckdb_data_chunk chunk);
  std::size_t rows() const { return rows_; }
  // The rows so far; the filler starts anew with the same columns.
  types::Frame Take();

 private:
  class TextPool;
  struct Source {
    duckdb_type type = DUCKDB_TYPE_INVALID;
    duckdb_type inner = DUCKDB_TYPE_INVALID;  // of DECIMAL and ENUM
    double scale = 1;                         // DECIMAL
    std::vector<std::string> enum_words;
    std::unique_ptr<TextPool> pool;
  };
  void AppendColumn(std::size_t index, duckdb_vector vector, std::size_t count);
  void Start();

  const DuckApi& api_;
  std::vector<Source> sources_;
  types::Frame frame_;
  std::size_t rows_ = 0;
};

}  // namespace mlean::tables

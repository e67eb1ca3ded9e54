// Reading data files as tables: CSV, TSV, Parquet and JSON lines; one file, a folder of one kind, or a glob.
//
//   DataSource source{.path = "data/flights.parquet"};
//   TRY(const types::Frame frame, ReadFrame(*engine, source, {"dep_delay", "carrier"}, "dep_delay > 0"));
//
// CSV: first line is the header; types are found from the data (whole file up to 64 MB, else 200,000 rows); only true and false
// (True, TRUE …) are bools, "yes" and "no" stay text; a row with another number of fields, a quote left open or a value of
// another type than its column is an error that names file and line. Errors: kNotFound with the nearest file name of that folder
// as hint; kInvalid for a broken or mixed source; kUnsupported for an unknown file kind.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tables/engine.hpp"
#include "types/frame.hpp"

namespace mlean::tables {

enum class Format : std::uint8_t { kAuto, kCsv, kParquet, kJsonLines };

struct DataSource {
  std::string path;               // file, folder (all files of one kind in it, not deeper, by name) or glob (* ? [ ])
  Format format = Format::kAuto;  // by extension: .csv .tsv .txt[.gz], .parquet .pq, .jsonl .ndjson .json
  char delimiter = 0;             // CSV; 0: tab for .tsv, else ',' or, when the header line has none, ';' or '|'
  // Types and missing words as pandas.read_csv has them: its NA words are missing, dates stay text.
  bool pandas_types = false;
  bool all_text = false;  // CSV: no type detection
};

struct ColumnInfo {
  std::string name;
  types::Kind kind = types::Kind::kReal;
  std::string sql_type;  // DuckDB's name: "BIGINT", "DECIMAL(10,2)", "TIMESTAMP_NS" …
};

struct Schema {
  std::vector<ColumnInfo> columns;
  const ColumnInfo* Find(std::string_view name) const;
  std::vector<std::string> Names() const;
};

// What kind of file the source is, never kAuto. Looks at the file system only.
Result<Format> FormatOf(const DataSource& source);
// The table expression to put after FROM: read_csv('…', …), read_parquet([…]) or read_json(…). Finds the types of a CSV first,
// which reads it. Files of a folder or glob are listed by name, so the order is fixed.
Result<std::string> ScanSql(Engine& engine, const DataSource& source);

Result<Schema> Describe(Engine& engine, const DataSource& source);
// The schema of any table expression or query text usable after FROM.
Result<Schema> DescribeRelation(Engine& engine, std::string_view relation);

// `columns` empty: all. `where` is trusted SQL, empty: all rows. An unknown column is kNotFound with the nearest name.
Result<types::Frame> ReadFrame(Engine& engine, const DataSource& source, const std::vector<std::string>& columns = {},
                               std::string_view where = {});
Result<std::int64_t> CountRows(Engine& engine, const DataSource& source);

// Creates the temporary table `name` from the source, to be queried several times without parsing it again.
Result<void> LoadTable(Engine& engine, const DataSource& source, std::string_view name);

// How Frame represents a DuckDB type of this name.
types::Kind KindOfSqlType(std::string_view sql_type);

}  // namespace mlean::tables

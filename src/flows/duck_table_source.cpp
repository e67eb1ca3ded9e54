#include "flows/duck_table_source.hpp"

#include <fmt/core.h>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "tables/quote.hpp"

namespace mlean::flows {

using codec::Json;
using types::Column;
using types::Kind;

namespace {

Json TimeText(std::int64_t ms) {
  std::string text = FormatTime(ms);
  text.pop_back();  // Z
  if (text.ends_with(".000")) text.resize(text.size() - 4);
  return text;
}

Json Value(const Column& column, std::size_t row) {
  if (column.Missing(row)) return {};
  switch (column.kind) {
    case Kind::kReal: return column.reals[row];
    case Kind::kInt: return column.ints[row];
    case Kind::kBool: return column.ints[row] == 1;
    case Kind::kTime: return TimeText(column.ints[row]);
    case Kind::kText: return column.words[static_cast<std::size_t>(column.codes[row])];
  }
  return {};
}

}  // namespace

DuckTableSource::DuckTableSource(tables::Engine& engine, std::string relation, std::string owned_table)
    : engine_(engine), relation_(std::move(relation)), owned_table_(std::move(owned_table)) {}

DuckTableSource::~DuckTableSource() {
  // Nothing to do about a failure here: the table dies with the engine.
  if (!owned_table_.empty()) static_cast<void>(engine_.DropTable(owned_table_).ok());
}

Result<std::unique_ptr<DuckTableSource>> DuckTableSource::Open(tables::Engine& engine, const tables::DataSource& data) {
  TRY(const tables::Format format, tables::FormatOf(data));
  if (format != tables::Format::kCsv) {
    TRY(std::string scan, tables::ScanSql(engine, data));
    return OpenRelation(engine, std::move(scan));
  }
  const std::string table = "mlean_source_" + NewHex32();
  TRYV(tables::LoadTable(engine, data, table));
  TRY(auto source, OpenRelation(engine, tables::QuoteIdentifier(table)));
  source->owned_table_ = table;
  return source;
}

Result<std::unique_ptr<DuckTableSource>> DuckTableSource::OpenRelation(tables::Engine& engine, std::string relation) {
  auto source = std::unique_ptr<DuckTableSource>(new DuckTableSource(engine, std::move(relation), {}));
  TRY(const tables::Schema schema, tables::DescribeRelation(engine, source->relation_));
  for (const tables::ColumnInfo& column : schema.columns) source->columns_.push_back({column.name, column.kind, column.sql_type});
  return source;
}

Result<std::vector<std::vector<Json>>> DuckTableSource::Rows(const std::string& sql) {
  TRY(const types::Frame frame, engine_.Query(sql));
  std::vector<std::vector<Json>> rows(frame.rows());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row].reserve(frame.columns.size());
    for (const Column& column : frame.columns) rows[row].push_back(Value(column, row));
  }
  return rows;
}

}  // namespace mlean::flows

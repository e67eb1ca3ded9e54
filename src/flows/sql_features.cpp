#include "flows/sql_features.hpp"

#include <fmt/core.h>

#include "os/files.hpp"
#include "tables/quote.hpp"
#include "tables/reader.hpp"
#include "tables/writer.hpp"

namespace mlean::flows {
namespace {

Result<std::vector<WrittenTable>> WriteTables(tables::Engine& engine, const std::vector<SqlOutput>& outputs) {
  std::vector<WrittenTable> written;
  for (const SqlOutput& output : outputs) {
    if (output.file.has_parent_path()) TRYV(os::MakeDirs(output.file.parent_path()));
    const std::string select = "SELECT * FROM " + tables::QuoteIdentifier(output.table);
    const bool csv = output.file.extension() == ".csv";
    TRY(const std::int64_t rows, csv ? tables::WriteCsv(engine, select, output.file.string())
                                     : tables::WriteParquet(engine, select, output.file.string()));
    written.push_back({output.table, output.file.string(), rows});
  }
  return written;
}

}  // namespace

Result<std::vector<WrittenTable>> RunFeatureSql(const std::filesystem::path& sql_file, const std::vector<SqlOutput>& outputs) {
  TRY(const std::string sql, os::ReadFile(sql_file, 16 << 20));
  TRY(const auto engine, tables::Engine::Open({.memory_limit_mb = 4096}));
  Result<void> ran = engine->Execute(sql);
  if (!ran) return std::move(ran).error().With(fmt::format("cannot run '{}'", sql_file.string()));
  return WriteTables(*engine, outputs);
}

Result<std::vector<WrittenTable>> SplitTable(const std::filesystem::path& data, const std::string& time, double test_fraction,
                                             const std::string& label, const std::filesystem::path& train,
                                             const std::filesystem::path& test) {
  if (!(test_fraction > 0 && test_fraction < 1)) {
    return Fail(Code::kUsage, fmt::format("cannot split '{}': the test fraction must be between 0 and 1", data.string()));
  }
  TRY(const auto engine, tables::Engine::Open({.memory_limit_mb = 4096}));
  const tables::DataSource source{.path = data.string()};
  TRY(const std::string scan, tables::ScanSql(*engine, source));
  TRY(const tables::Schema schema, tables::Describe(*engine, source));
  for (const std::string& name : {time, label}) {
    if (!name.empty() && schema.Find(name) == nullptr) {
      return Fail(Code::kNotFound, fmt::format("cannot split '{}': it has no column '{}'", data.string(), name));
    }
  }
  const std::string labelled = label.empty() ? "" : fmt::format(" WHERE {} IS NOT NULL", tables::QuoteIdentifier(label));
  // Rows in file order get a number; a hash of it decides, the same every time.
  TRYV(engine->Execute(
      fmt::format("CREATE TABLE all_rows AS SELECT *, row_number() OVER () AS mlean_row FROM {}{}", scan, labelled)));
  std::string is_test = fmt::format("hash(mlean_row) % 1000000 < {}", static_cast<int>(test_fraction * 1e6));
  if (!time.empty()) {
    const std::string column = tables::QuoteIdentifier(time);
    TRYV(engine->Execute(
        fmt::format("CREATE TABLE cut AS SELECT quantile_disc({}, {}) AS latest FROM all_rows", column, 1 - test_fraction)));
    is_test = fmt::format("coalesce({} > (SELECT latest FROM cut), false)", column);  // a row without a time is old
  }
  const std::string order = time.empty() ? "mlean_row" : tables::QuoteIdentifier(time) + ", mlean_row";
  TRYV(engine->Execute(
      fmt::format("CREATE TABLE test AS SELECT * EXCLUDE (mlean_row) FROM all_rows WHERE {} ORDER BY {}", is_test, order)));
  TRYV(engine->Execute(fmt::format("CREATE TABLE train AS SELECT * EXCLUDE (mlean_row) FROM all_rows WHERE NOT ({}) ORDER BY {}",
                                   is_test, order)));
  return WriteTables(*engine, {{"train", train}, {"test", test}});
}

}  // namespace mlean::flows

// Engine: an in-memory DuckDB database with one connection, behind plain types. The library (libduckdb.so, C API of 1.4) is
// opened by the first Engine of the process and stays; a program that makes no Engine does not map it.
//
//   TRY(const auto engine, tables::Engine::Open({.memory_limit_mb = 512}));
//   TRY(const types::Frame frame, engine->Query("SELECT carrier, count(*) AS n FROM read_parquet('f.parquet') GROUP BY 1"));
//
// Settings: no extension is installed or loaded from the network, time zone UTC, insertion order preserved, spills to
// `temp_dir`. SQL given here is trusted: quote what comes from outside with tables/quote.hpp.
//
// Types in results: TINYINT…BIGINT and unsigned up to 32 bits -> kInt; UBIGINT, HUGEINT, UHUGEINT, FLOAT, DOUBLE, DECIMAL ->
// kReal (NaN and NULL are both missing); BOOLEAN -> kBool; DATE and every TIMESTAMP unit -> kTime in ms UTC, rounded down;
// VARCHAR, ENUM, UUID and everything else (TIME, INTERVAL, BLOB, LIST, STRUCT …, cast to VARCHAR by DuckDB) -> kText.
// ±infinity dates and timestamps are missing; an INT64_MIN bigint is missing too (types::kMissingInt).
//
// Threads: one call at a time per Engine; only Interrupt may be called while another thread is in a call.
// Errors: kInvalid for SQL and conversion errors, kNotFound for missing files and tables, kCancelled after Interrupt, kIo,
// kTooLarge when over the memory limit, kUnsupported when the library is missing. One line, DuckDB's prefixes stripped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "types/frame.hpp"

namespace mlean::tables {

struct EngineOptions {
  std::size_t memory_limit_mb = 1024;  // DuckDB spills to temp_dir beyond it
  int threads = 2;
  std::string temp_dir;  // empty: "<system temporary folder>/mlean-duckdb-<pid>", made on the first spill
  std::string library = "libduckdb.so";
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> Open(const EngineOptions& options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The whole result in memory, rows in DuckDB's order. A statement without result gives a Frame without columns.
  Result<types::Frame> Query(std::string_view sql);
  // The same in pieces of about `rows_per_frame` rows with bounded memory; text codes are local to each piece. `sink` is
  // called at least once (with no rows for an empty result); its first error stops the query and is returned.
  Result<void> Stream(std::string_view sql, std::size_t rows_per_frame, const std::function<Result<void>(types::Frame)>& sink);
  // Runs one or more statements (separated by ';') and drops their results.
  Result<void> Execute(std::string_view sql);

  // First column of the first row. Null or no row: kNotFound.
  Result<std::int64_t> ScalarInt(std::string_view sql);
  Result<double> ScalarReal(std::string_view sql);
  Result<std::string> ScalarText(std::string_view sql);

  // Creates (or replaces) the temporary table `name` from a copy of the frame: kReal -> DOUBLE, kInt -> BIGINT,
  // kBool -> BOOLEAN, kTime -> TIMESTAMP_MS, kText -> VARCHAR.
  Result<void> RegisterFrame(std::string_view name, const types::Frame& frame);
  Result<void> DropTable(std::string_view name);

  // Stops the running call of another thread, which then returns kCancelled; nothing when none runs.
  void Interrupt();

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One line without DuckDB's "Binder Error:" prefixes, candidate lists and carets; keeps line numbers of CSV errors. Pure.
std::string TidyDuckError(std::string_view message);

}  // namespace mlean::tables

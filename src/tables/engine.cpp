#include "tables/engine.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "base/text.hpp"
#include "tables/duck_api.hpp"
#include "tables/frame_filler.hpp"
#include "tables/quote.hpp"

namespace mlean::tables {

using types::Column;
using types::Kind;

struct Engine::State {
  explicit State(const DuckApi& duck) : api(duck) {}
  ~State() {
    if (connection != nullptr) api.disconnect(&connection);
    if (database != nullptr) api.close(&database);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const DuckApi& api;
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
};

namespace {

using Prepared = DuckHandle<duckdb_prepared_statement, decltype(DuckApi::destroy_prepare)>;

Result<void> Prepare(const DuckApi& api, duckdb_connection connection, const std::string& sql, Prepared& out) {
  if (api.prepare(connection, sql.c_str(), out.Out()) == DuckDBSuccess) return {};
  return DuckError(DUCKDB_ERROR_INVALID_INPUT, api.prepare_error(*out));
}

Result<void> SetOption(const DuckApi& api, duckdb_config config, const char* name, const std::string& value) {
  if (api.set_config(config, name, value.c_str()) == DuckDBSuccess) return {};
  return Fail(Code::kInvalid, fmt::format("cannot set table engine option '{}' to '{}': refused", name, value));
}

std::string StripSemicolon(std::string_view sql) {
  sql = Trim(sql);
  while (!sql.empty() && sql.back() == ';') sql = Trim(sql.substr(0, sql.size() - 1));
  return std::string(sql);
}

// Prepares `sql` so that every result column is one FrameFiller converts: others are cast to text by DuckDB.
Result<void> PrepareReadable(const DuckApi& api, duckdb_connection connection, std::string_view sql, Prepared& out) {
  const std::string text = StripSemicolon(sql);
  TRYV(Prepare(api, connection, text, out));
  std::string casts;
  const idx_t columns = api.prepared_statement_column_count(*out);
  for (idx_t i = 0; i < columns; ++i) {
    const duckdb_type type = api.prepared_statement_column_type(*out, i);
    // INVALID: the type is known only after execution, as for CALL; those give plain types.
    if (FillsNatively(type) || type == DUCKDB_TYPE_INVALID) continue;
    const char* name = api.prepared_statement_column_name(*out, i);
    const std::string column = QuoteIdentifier(name);
    api.free(const_cast<char*>(name));
    casts += fmt::format("{}CAST({} AS VARCHAR) AS {}", casts.empty() ? "" : ", ", column, column);
  }
  if (casts.empty()) return {};
  out.Reset();
  return Prepare(api, connection, fmt::format("SELECT * REPLACE ({}) FROM ({})", casts, text), out);
}

// Hands every chunk to `sink(chunk)` until the end.
template <class Sink>
Result<void> EachChunk(const DuckApi& api, duckdb_result& result, Sink sink) {
  for (;;) {
    DuckHandle<duckdb_data_chunk, decltype(DuckApi::destroy_data_chunk)> chunk(api.destroy_data_chunk);
    chunk.Set(api.fetch_chunk(result));
    if (*chunk == nullptr) break;
    if (api.data_chunk_get_size(*chunk) == 0) break;
    TRYV(sink(*chunk));
  }
  // A streamed result meets its errors while fetching.
  if (const char* message = api.result_error(&result); message != nullptr) {
    return DuckError(api.result_error_type(&result), message);
  }
  return {};
}

bool HasRows(const DuckApi& api, const duckdb_result& result) {
  return api.result_return_type(result) != DUCKDB_RESULT_TYPE_NOTHING;
}

duckdb_type TypeOf(Kind kind) {
  switch (kind) {
    case Kind::kReal: return DUCKDB_TYPE_DOUBLE;
    case Kind::kInt: return DUCKDB_TYPE_BIGINT;
    case Kind::kBool: return DUCKDB_TYPE_BOOLEAN;
    case Kind::kTime: return DUCKDB_TYPE_TIMESTAMP_MS;
    case Kind::kText: return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_VARCHAR;
}

std::string_view SqlTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kReal: return "DOUBLE";
    case Kind::kInt: return "BIGINT";
    case Kind::kBool: return "BOOLEAN";
    case Kind::kTime: return "TIMESTAMP_MS";
    case Kind::kText: return "VARCHAR";
  }
  return "VARCHAR";
}

// Copies rows [from, from + count) of `column` into `vector`.
void CopyOut(const DuckApi& api, const Column& column, std::size_t from, std::size_t count, duckdb_vector vector) {
  std::uint64_t* validity = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    if (!column.Missing(from + i)) continue;
    if (validity == nullptr) {
      api.vector_ensure_validity_writable(vector);
      validity = api.vector_get_validity(vector);
    }
    validity[i / 64] &= ~(std::uint64_t{1} << (i % 64));
  }
  void* data = api.vector_get_data(vector);
  if (column.kind == Kind::kReal) {
    std::copy_n(column.reals.data() + from, count, static_cast<double*>(data));
  } else if (column.kind == Kind::kBool) {
    auto* to = static_cast<bool*>(data);
    for (std::size_t i = 0; i < count; ++i) to[i] = column.ints[from + i] == 1;
  } else if (column.kind == Kind::kText) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::int32_t code = column.codes[from + i];
      if (code == types::kMissingCode) continue;
      CHECK_BUG(static_cast<std::size_t>(code) < column.words.size());
      const std::string& word = column.words[static_cast<std::size_t>(code)];
      api.vector_assign_string_element_len(vector, i, word.data(), word.size());
    }
  } else {
    std::copy_n(column.ints.data() + from, count, static_cast<std::int64_t*>(data));
  }
}

}  // namespace

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options) {
  TRY(const DuckApi* const api, LoadDuckApi(options.library));
  auto state = std::make_unique<State>(*api);
  DuckHandle<duckdb_config, decltype(DuckApi::destroy_config)> config(api->destroy_config);
  if (api->create_config(config.Out()) != DuckDBSuccess) return Fail(Code::kInternal, "cannot open the table engine: no memory");
  std::string temp_dir = options.temp_dir;
  if (temp_dir.empty()) {
    std::error_code ignored;
    temp_dir = (std::filesystem::temp_directory_path(ignored) / fmt::format("mlean-duckdb-{}", ::getpid())).string();
  }
  const std::array<std::pair<const char*, std::string>, 8> settings = {{
      {"threads", fmt::format("{}", std::clamp(options.threads, 1, 256))},
      {"memory_limit", fmt::format("{}MB", std::max<std::size_t>(options.memory_limit_mb, 64))},
      {"temp_directory", temp_dir},
      {"preserve_insertion_order", "true"},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"enable_external_access", "true"},  // files are what it is here for
  }};
  for (const auto& [name, value] : settings) TRYV(SetOption(*api, *config, name, value));
  char* message = nullptr;
  if (api->open_ext(nullptr, &state->database, *config, &message) != DuckDBSuccess) {
    Error error = DuckError(DUCKDB_ERROR_INVALID_INPUT, message);
    if (message != nullptr) api->free(message);
    return std::move(error).With("cannot open the table engine");
  }
  if (api->connect(state->database, &state->connection) != DuckDBSuccess) {
    return Fail(Code::kInternal, "cannot open the table engine: no connection");
  }
  auto engine = std::unique_ptr<Engine>(new Engine(std::move(state)));
  TRYV(engine->Execute("SET TimeZone='UTC'; SET enable_progress_bar=false"));
  return engine;
}

Result<types::Frame> Engine::Query(std::string_view sql) {
  const DuckApi& api = state_->api;
  Prepared statement(api.destroy_prepare);
  TRYV(PrepareReadable(api, state_->connection, sql, statement));
  DuckResult result(api);
  if (api.execute_prepared(*statement, &result.value) != DuckDBSuccess) {
    return DuckError(api.result_error_type(&result.value), api.result_error(&result.value));
  }
  if (!HasRows(api, result.value)) return types::Frame{};
  FrameFiller filler(api, result.value);
  TRYV(EachChunk(api, result.value, [&](duckdb_data_chunk chunk) -> Result<void> {
    filler.Append(chunk);
    return {};
  }));
  return filler.Take();
}

Result<void> Engine::Stream(std::string_view sql, std::size_t rows_per_frame,
                            const std::function<Result<void>(types::Frame)>& sink) {
  const DuckApi& api = state_->api;
  Prepared statement(api.destroy_prepare);
  TRYV(PrepareReadable(api, state_->connection, sql, statement));
  DuckHandle<duckdb_pending_result, decltype(DuckApi::destroy_pending)> pending(api.destroy_pending);
  if (api.pending_prepared_streaming(*statement, pending.Out()) != DuckDBSuccess) {
    return DuckError(DUCKDB_ERROR_INVALID_INPUT, api.pending_error(*pending));
  }
  DuckResult result(api);
  if (api.execute_pending(*pending, &result.value) != DuckDBSuccess) {
    return DuckError(api.result_error_type(&result.value), api.result_error(&result.value));
  }
  if (!HasRows(api, result.value)) return sink(types::Frame{});
  FrameFiller filler(api, result.value);
  bool handed = false;
  TRYV(EachChunk(api, result.value, [&](duckdb_data_chunk chunk) -> Result<void> {
    filler.Append(chunk);
    if (filler.rows() < rows_per_frame) return {};
    handed = true;
    return sink(filler.Take());
  }));
  if (filler.rows() == 0 && handed) return {};
  return sink(filler.Take());
}

Result<void> Engine::Execute(std::string_view sql) {
  const DuckApi& api = state_->api;
  const std::string text(sql);
  DuckHandle<duckdb_extracted_statements, decltype(DuckApi::destroy_extracted)> statements(api.destroy_extracted);
  const idx_t count = api.extract_statements(state_->connection, text.c_str(), statements.Out());
  if (count == 0) {
    const char* message = api.extract_statements_error(*statements);
    if (message == nullptr || *message == '\0') return {};  // nothing but blanks and comments
    return DuckError(DUCKDB_ERROR_PARSER, message);
  }
  for (idx_t i = 0; i < count; ++i) {
    Prepared statement(api.destroy_prepare);
    if (api.prepare_extracted_statement(state_->connection, *statements, i, statement.Out()) != DuckDBSuccess) {
      return DuckError(DUCKDB_ERROR_INVALID_INPUT, api.prepare_error(*statement));
    }
    DuckResult result(api);
    if (api.execute_prepared(*statement, &result.value) != DuckDBSuccess) {
      return DuckError(api.result_error_type(&result.value), api.result_error(&result.value));
    }
  }
  return {};
}

namespace {

Result<Column> FirstColumn(Result<types::Frame> frame) {
  if (!frame) return std::move(frame).error();
  if (frame->columns.empty() || frame->rows() == 0 || frame->columns[0].Missing(0)) {
    return Fail(Code::kNotFound, "cannot read value: no row or null");
  }
  return std::move(frame->columns[0]);
}

}  // namespace

Result<std::int64_t> Engine::ScalarInt(std::string_view sql) {
  TRY(const Column column, FirstColumn(Query(sql)));
  if (column.kind == Kind::kText) return Fail(Code::kInvalid, "cannot read value: text where an integer is wanted");
  if (column.kind != Kind::kReal) return column.ints[0];
  const double real = column.reals[0];
  if (!(std::abs(real) < 9.2e18)) return Fail(Code::kInvalid, fmt::format("cannot read value: '{}' is no integer", real));
  return static_cast<std::int64_t>(real);
}

Result<double> Engine::ScalarReal(std::string_view sql) {
  TRY(const Column column, FirstColumn(Query(sql)));
  if (column.kind == Kind::kText) return Fail(Code::kInvalid, "cannot read value: text where a number is wanted");
  return column.Number(0);
}

Result<std::string> Engine::ScalarText(std::string_view sql) {
  TRY(const Column column, FirstColumn(Query(sql)));
  if (column.kind == Kind::kText) return column.words[static_cast<std::size_t>(column.codes[0])];
  return FormatDouble(column.Number(0));
}

Result<void> Engine::RegisterFrame(std::string_view name, const types::Frame& frame) {
  const DuckApi& api = state_->api;
  if (frame.columns.empty()) return Fail(Code::kInvalid, fmt::format("cannot register table '{}': no columns", name));
  std::string columns;
  std::vector<duckdb_logical_type> logical;
  for (const Column& column : frame.columns) {
    CHECK_BUG(column.size() == frame.rows());
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", QuoteIdentifier(column.name), SqlTypeOf(column.kind));
  }
  TRYV(Execute(fmt::format("CREATE OR REPLACE TEMP TABLE {} ({})", QuoteIdentifier(name), columns)));
  for (const Column& column : frame.columns) logical.push_back(api.create_logical_type(TypeOf(column.kind)));
  DuckHandle<duckdb_data_chunk, decltype(DuckApi::destroy_data_chunk)> chunk(api.destroy_data_chunk);
  chunk.Set(api.create_data_chunk(logical.data(), logical.size()));
  for (duckdb_logical_type& type : logical) api.destroy_logical_type(&type);
  DuckHandle<duckdb_appender, decltype(DuckApi::appender_destroy)> appender(api.appender_destroy);
  const std::string table(name);
  const auto failed = [&] { return DuckError(DUCKDB_ERROR_INVALID_INPUT, api.appender_error(*appender)); };
  if (api.appender_create(state_->connection, nullptr, table.c_str(), appender.Out()) != DuckDBSuccess) return failed();
  const std::size_t step = api.vector_size();
  for (std::size_t from = 0; from < frame.rows(); from += step) {
    const std::size_t count = std::min(step, frame.rows() - from);
    api.data_chunk_reset(*chunk);
    for (std::size_t i = 0; i < frame.columns.size(); ++i) {
      CopyOut(api, frame.columns[i], from, count, api.data_chunk_get_vector(*chunk, i));
    }
    api.data_chunk_set_size(*chunk, count);
    if (api.append_data_chunk(*appender, *chunk) != DuckDBSuccess) return failed();
  }
  if (api.appender_close(*appender) != DuckDBSuccess) return failed();
  return {};
}

Result<void> Engine::DropTable(std::string_view name) {
  return Execute(fmt::format("DROP TABLE IF EXISTS {}", QuoteIdentifier(name)));
}

void Engine::Interrupt() { state_->api.interrupt(state_->connection); }

}  // namespace mlean::tables

// DuckApi: the functions of DuckDB's C API this room uses, found by dlopen. Private to this room: the only header here that
// shows DuckDB's own. Also small owners for DuckDB's handles.
#pragma once

#include <duckdb.h>

#include <string>

#include "base/result.hpp"

namespace mlean::tables {

// The formatter never settles on this macro.
// clang-format off
#define MLEAN_DUCK_FUNCTIONS(X) \
  X(library_version) \
  X(create_config) \
  X(set_config) X(destroy_config) X(open_ext) X(close) X(connect) X(disconnect) X(interrupt) X(free) X(prepare) X(prepare_error) \
  X(destroy_prepare) X(prepared_statement_column_count) X(prepared_statement_column_name) X(prepared_statement_column_type) \
  X(extract_statements) X(extract_statements_error) X(prepare_extracted_statement) X(destroy_extracted) \
  X(execute_prepared) X(pending_prepared_streaming) X(execute_pending) X(pending_error) X(destroy_pending) \
  X(destroy_result) X(result_error) X(result_error_type) X(result_return_type) X(column_count) X(column_name) \
  X(column_type) X(column_logical_type) X(fetch_chunk) X(destroy_data_chunk) X(data_chunk_get_size) \
  X(data_chunk_set_size) X(data_chunk_reset) X(data_chunk_get_vector) X(create_data_chunk) \
  X(vector_get_data) X(vector_get_validity) X(vector_ensure_validity_writable) \
  X(vector_assign_string_element_len) X(vector_size) X(create_logical_type) \
  X(destroy_logical_type) X(decimal_scale) X(decimal_internal_type) X(enum_internal_type) \
  X(enum_dictionary_size) X(enum_dictionary_value) X(appender_create) X(appender_error) \
  X(appender_close) X(appender_destroy) X(append_data_chunk)
// clang-format on

struct DuckApi {
#define MLEAN_DUCK_MEMBER(name) decltype(&duckdb_##name) name = nullptr;
  MLEAN_DUCK_FUNCTIONS(MLEAN_DUCK_MEMBER)
#undef MLEAN_DUCK_MEMBER
};

// Opens the library once per process and name; later calls return the same table. Thread-safe.
// Errors: kUnsupported when the library or one of its functions is missing.
Result<const DuckApi*> LoadDuckApi(const std::string& library);

// An owner for one DuckDB handle: Destroy is `void (*)(T*)` or one that returns a state.
template <class T, class Destroy>
class DuckHandle {
 public:
  explicit DuckHandle(Destroy destroy) : destroy_(destroy) {}
  ~DuckHandle() {
    if (value_ != nullptr) destroy_(&value_);
  }
  DuckHandle(const DuckHandle&) = delete;
  DuckHandle& operator=(const DuckHandle&) = delete;
  T* Out() { return &value_; }
  T operator*() const { return value_; }
  void Reset() {
    if (value_ != nullptr) destroy_(&value_);
    value_ = nullptr;
  }
  void Set(T value) {
    Reset();
    value_ = value;
  }

 private:
  T value_ = nullptr;
  Destroy destroy_;
};

class DuckResult {
 public:
  explicit DuckResult(const DuckApi& api) : api_(api) {}
  ~DuckResult() { api_.destroy_result(&value); }
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  duckdb_result value{};

 private:
  const DuckApi& api_;
};

// DuckDB's error kind and text as ours; the text is tidied to one line.
Error DuckError(duckdb_error_type type, const char* message);

}  // namespace mlean::tables

#include "tables/duck_api.hpp"

#include <array>
#include <map>
#include <mutex>

#include "os/dynlib.hpp"
#include "tables/engine.hpp"

namespace mlean::tables {
namespace {

Result<DuckApi> Load(const std::string& library) {
  const std::array<std::string_view, 1> names = {library};
  TRY(const os::Library lib, os::Library::Open(names, "read tables", "./dev setup"));
  DuckApi api;
#define MLEAN_DUCK_LOAD(name)                                                 \
  {                                                                           \
    TRY(auto* const symbol, lib.Symbol<decltype(api.name)>("duckdb_" #name)); \
    api.name = symbol;                                                        \
  }
  MLEAN_DUCK_FUNCTIONS(MLEAN_DUCK_LOAD)
#undef MLEAN_DUCK_LOAD
  const std::string_view version = api.library_version();
  if (!version.starts_with("v1.")) {
    return Fail(Code::kUnsupported, "cannot use library '" + lib.path() + "': version '" + std::string(version) + "', need 1.x");
  }
  return api;
}

}  // namespace

Result<const DuckApi*> LoadDuckApi(const std::string& library) {
  // The table of a loaded library never changes and lives as long as the mapped library: for the whole process.
  static std::mutex mutex;
  static auto* const loaded = new std::map<std::string, DuckApi>();
  const std::scoped_lock lock(mutex);
  if (const auto found = loaded->find(library); found != loaded->end()) return &found->second;
  TRY(const DuckApi api, Load(library));
  return &loaded->emplace(library, api).first->second;
}

Error DuckError(duckdb_error_type type, const char* message) {
  const std::string_view raw = message == nullptr ? "unknown error" : message;
  const auto has = [raw](std::string_view part) { return raw.find(part) != raw.npos; };
  Code code = Code::kInvalid;
  if (type == DUCKDB_ERROR_INTERRUPT || has("INTERRUPT Error")) {
    return Fail(Code::kCancelled, "interrupted");
  } else if (type == DUCKDB_ERROR_OUT_OF_MEMORY || has("Out of Memory Error")) {
    return Fail(Code::kTooLarge, TidyDuckError(raw), "give it more memory, or read fewer columns");
  } else if (has("No files found") || has("does not exist") || has("No such file")) {
    code = Code::kNotFound;
  } else if (type == DUCKDB_ERROR_IO || has("IO Error")) {
    code = Code::kIo;
  } else if (type == DUCKDB_ERROR_INTERNAL || type == DUCKDB_ERROR_FATAL) {
    code = Code::kInternal;
  } else if (type == DUCKDB_ERROR_PERMISSION) {
    code = Code::kDenied;
  } else if (type == DUCKDB_ERROR_NOT_IMPLEMENTED || type == DUCKDB_ERROR_MISSING_EXTENSION || type == DUCKDB_ERROR_AUTOLOAD) {
    code = Code::kUnsupported;
  }
  return Fail(code, TidyDuckError(raw));
}

}  // namespace mlean::tables

// Library: a shared library opened on first use (DuckDB, ONNX Runtime, XGBoost …), so that starting the program does not pay for
// it. Once open it stays mapped until the process ends: such libraries own threads, and unloading them is not safe.
//
//   constexpr std::string_view kNames[] = {"libduckdb.so"};
//   TRY(os::Library lib, os::Library::Open(kNames, "read tables", "./dev setup"));
//   TRY(const auto version, lib.Symbol<const char* (*)()>("duckdb_library_version"));
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::os {

class Library {
 public:
  // Takes the first of `names` (in order) that is in $MLEAN_LIB_DIR, the executable's folder, its lib/, ../lib,
  // ../../.deps/duckdb or ../.deps/duckdb, else what the system's loader finds. kNotFound: "cannot open library 'libduckdb.so'
  // (needed to <what_for>): not found in …" with `fix`; kIo when it is there but does not load.
  static Result<Library> Open(std::span<const std::string_view> names, std::string_view what_for, std::string_view fix);

  // T is a function pointer type (or pointer to data). kUnsupported when the library lacks it.
  template <class T>
  Result<T> Symbol(const char* name) const {
    TRY(void* const address, Find(name));
    return reinterpret_cast<T>(address);
  }
  const std::string& path() const { return path_; }

 private:
  Library(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  Result<void*> Find(const char* name) const;
  void* handle_ = nullptr;  // never closed
  std::string path_;
};

// The folders that Open looks into, in order.
std::vector<std::filesystem::path> LibraryFolders();

}  // namespace mlean::os

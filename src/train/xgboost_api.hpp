// XgboostApi: the functions of libxgboost's C API (1.7) that training needs, opened on first use, and owners of its handles.
// Room-internal. Thread-safe: the library keeps its last error per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::train {

struct XgboostApi {
  using Handle = void*;
  using Length = std::uint64_t;  // bst_ulong

  const char* (*LastError)() = nullptr;
  int (*SetGlobalConfig)(const char*) = nullptr;
  int (*MatrixFromDense)(const char*, const char*, Handle*) = nullptr;
  int (*MatrixSetFloats)(Handle, const char*, const float*, Length) = nullptr;
  int (*MatrixSetTexts)(Handle, const char*, const char**, Length) = nullptr;
  int (*MatrixFree)(Handle) = nullptr;
  int (*BoosterCreate)(const Handle*, Length, Handle*) = nullptr;
  int (*BoosterFree)(Handle) = nullptr;
  int (*BoosterSlice)(Handle, int, int, int, Handle*) = nullptr;
  int (*BoosterSetParam)(Handle, const char*, const char*) = nullptr;
  int (*BoosterUpdate)(Handle, int, Handle) = nullptr;
  int (*BoosterEval)(Handle, int, Handle*, const char**, Length, const char**) = nullptr;
  int (*BoosterSetAttribute)(Handle, const char*, const char*) = nullptr;
  int (*BoosterSetTexts)(Handle, const char*, const char**, Length) = nullptr;
  int (*BoosterScores)(Handle, const char*, Length*, const char***, Length*, const Length**, const float**) = nullptr;
  int (*BoosterSave)(Handle, const char*, Length*, const char**) = nullptr;

  // The one copy of this process. kNotFound with the package to install when the library is not there.
  static Result<const XgboostApi*> Open();

  // Turns a return value into an error "cannot <verb>: <what the library says, one line, without its source position>".
  Result<void> Check(int status, std::string_view verb) const;
};

// Owns a matrix: a dense block of floats with NaN for missing. The block may go once it is made.
class Matrix {
 public:
  static Result<Matrix> Make(const XgboostApi& api, std::span<const float> values, std::size_t rows, std::size_t columns,
                             int threads);
  Result<void> SetFloats(const char* field, std::span<const float> values);
  Result<void> SetTexts(const char* field, const std::vector<std::string>& texts);
  XgboostApi::Handle handle() const { return handle_.get(); }

 private:
  using Owner = std::unique_ptr<void, int (*)(void*)>;
  Matrix(const XgboostApi& api, void* handle) : api_(&api), handle_(handle, api.MatrixFree) {}
  const XgboostApi* api_;
  Owner handle_;
};

// Owns a booster.
class Booster {
 public:
  static Result<Booster> Make(const XgboostApi& api, const std::vector<XgboostApi::Handle>& matrices,
                              const std::vector<std::pair<std::string, std::string>>& params);
  Result<void> Update(int round, const Matrix& train);
  // "[3]\ttrain-logloss:0.61\tvalid-logloss:0.63"
  Result<std::string> Evaluate(int round, std::vector<XgboostApi::Handle> matrices, std::vector<const char*> names);
  // Rounds 0 .. rounds − 1 as a booster of its own.
  Result<Booster> Head(int rounds) const;
  Result<void> SetAttribute(const char* name, const std::string& value);
  Result<void> SetTexts(const char* field, const std::vector<std::string>& texts);
  // Total gain by feature index; features never used are 0.
  Result<std::vector<double>> TotalGain(std::size_t features) const;
  Result<std::string> SaveUbj() const;

 private:
  using Owner = std::unique_ptr<void, int (*)(void*)>;
  Booster(const XgboostApi& api, void* handle) : api_(&api), handle_(handle, api.BoosterFree) {}
  const XgboostApi* api_;
  Owner handle_;
};

}  // namespace mlean::train

// XgboostLibrary: the few calls of libxgboost's C API that tests and benchmarks compare with, opened at run time.
// For tests and benchmarks of this room only.
#pragma once

#include <dlfcn.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/result.hpp"
#include "base/text.hpp"

namespace mlean::infer {

class XgboostLibrary {
 public:
  using Handle = void*;
  using Count = std::uint64_t;

  // nullptr when the machine has none. Never closed.
  static const XgboostLibrary* Open() {
    static const XgboostLibrary* const kLibrary = [] {
      void* library = dlopen("libxgboost.so.0", RTLD_NOW | RTLD_LOCAL);
      if (library == nullptr) library = dlopen("libxgboost.so", RTLD_NOW | RTLD_LOCAL);
      return library == nullptr ? nullptr : new XgboostLibrary(library);
    }();
    return kLibrary;
  }

  // `parameters`: "key=value key=value"; `format`: "json" or "ubj". The model's bytes.
  std::string Train(const std::vector<float>& rows, const std::vector<float>& labels, std::size_t features,
                    std::string_view parameters, int rounds, std::string_view format) const {
    Handle matrix = Matrix(rows, features);
    Must(set_info_(matrix, "label", labels.data(), labels.size()));
    Handle booster = nullptr;
    Must(booster_create_(&matrix, 1, &booster));
    for (const std::string& parameter : Split(parameters, ' ')) {
      const std::size_t equals = parameter.find('=');
      Must(set_param_(booster, parameter.substr(0, equals).c_str(), parameter.substr(equals + 1).c_str()));
    }
    for (int i = 0; i < rounds; ++i) Must(update_(booster, i, matrix));
    const std::string config = fmt::format(R"({{"format":"{}"}})", format);
    Count size = 0;
    const char* data = nullptr;
    Must(save_(booster, config.c_str(), &size, &data));
    std::string bytes(data, size);
    Must(booster_free_(booster));
    Must(matrix_free_(matrix));
    return bytes;
  }

  Handle Load(const std::string& bytes) const {
    Handle booster = nullptr;
    Must(booster_create_(nullptr, 0, &booster));
    Must(load_(booster, bytes.data(), bytes.size()));
    Must(set_param_(booster, "nthread", "1"));
    return booster;
  }
  void Free(Handle booster) const { Must(booster_free_(booster)); }

  std::vector<float> PredictMargins(const std::string& bytes, const std::vector<float>& rows, std::size_t features) const {
    Handle booster = Load(bytes);
    Handle matrix = Matrix(rows, features);
    constexpr const char* kConfig = R"({"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false})";
    const Count* shape = nullptr;
    Count dimensions = 0;
    const float* result = nullptr;
    Must(predict_matrix_(booster, matrix, kConfig, &shape, &dimensions, &result));
    Count size = 1;
    for (Count i = 0; i < dimensions; ++i) size *= shape[i];
    std::vector<float> out(result, result + size);
    Must(matrix_free_(matrix));
    Free(booster);
    return out;
  }

  // In place; the first margin. `array` describes the rows, see Array.
  float PredictInPlace(Handle booster, const std::string& array) const {
    constexpr const char* kConfig =
        R"({"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,"cache_id":0,"missing":NaN})";
    const Count* shape = nullptr;
    Count dimensions = 0;
    const float* result = nullptr;
    Must(predict_dense_(booster, array.c_str(), kConfig, nullptr, &shape, &dimensions, &result));
    return result[0];
  }
  static std::string Array(const float* rows, std::size_t count, std::size_t features) {
    return fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                       reinterpret_cast<std::uintptr_t>(rows), count, features);
  }

 private:
  explicit XgboostLibrary(void* library) {
    const auto find = [library](const char* name, auto& function) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      CHECK_BUG(function != nullptr);
    };
    find("XGDMatrixCreateFromMat", matrix_create_);
    find("XGDMatrixSetFloatInfo", set_info_);
    find("XGDMatrixFree", matrix_free_);
    find("XGBoosterCreate", booster_create_);
    find("XGBoosterFree", booster_free_);
    find("XGBoosterSetParam", set_param_);
    find("XGBoosterUpdateOneIter", update_);
    find("XGBoosterSaveModelToBuffer", save_);
    find("XGBoosterLoadModelFromBuffer", load_);
    find("XGBoosterPredictFromDMatrix", predict_matrix_);
    find("XGBoosterPredictFromDense", predict_dense_);
    find("XGBGetLastError", last_error_);
  }
  void Must(int status) const {
    if (status == 0) return;
    fmt::print(stderr, "libxgboost: {}\n", last_error_());
    CHECK_BUG(status == 0);
  }
  Handle Matrix(const std::vector<float>& rows, std::size_t features) const {
    Handle matrix = nullptr;
    Must(matrix_create_(rows.data(), rows.size() / features, features, std::numeric_limits<float>::quiet_NaN(), &matrix));
    return matrix;
  }

  int (*matrix_create_)(const float*, Count, Count, float, Handle*) = nullptr;
  int (*set_info_)(Handle, const char*, const float*, Count) = nullptr;
  int (*matrix_free_)(Handle) = nullptr;
  int (*booster_create_)(const Handle*, Count, Handle*) = nullptr;
  int (*booster_free_)(Handle) = nullptr;
  int (*set_param_)(Handle, const char*, const char*) = nullptr;
  int (*update_)(Handle, int, Handle) = nullptr;
  int (*save_)(Handle, const char*, Count*, const char**) = nullptr;
  int (*load_)(Handle, const void*, Count) = nullptr;
  int (*predict_matrix_)(Handle, Handle, const char*, const Count**, Count*, const float**) = nullptr;
  int (*predict_dense_)(Handle, const char*, const char*, Handle, const Count**, Count*, const float**) = nullptr;
  const char* (*last_error_)() = nullptr;
};

}  // namespace mlean::infer

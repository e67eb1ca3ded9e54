#include "train/xgboost_api.hpp"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <array>
#include <string_view>
#include <type_traits>

#include "base/text.hpp"
#include "os/dynlib.hpp"

namespace mlean::train {

namespace {

static_assert(std::is_same_v<DMatrixHandle, void*> && std::is_same_v<BoosterHandle, void*>);
static_assert(std::is_same_v<bst_ulong, XgboostApi::Length>);

template <class Function>
Result<void> Bind(const os::Library& library, const char* name, Function& function) {
  TRY(function, library.Symbol<Function>(name));
  return {};
}

Result<XgboostApi> Load() {
  static constexpr std::array<std::string_view, 2> kNames{"libxgboost.so.0", "libxgboost.so"};
  TRY(const os::Library library, os::Library::Open(kNames, "train a model", "apt-get install libxgboost0"));
  XgboostApi api;
  TRYV(Bind(library, "XGBGetLastError", api.LastError));
  TRYV(Bind(library, "XGBSetGlobalConfig", api.SetGlobalConfig));
  TRYV(Bind(library, "XGDMatrixCreateFromDense", api.MatrixFromDense));
  TRYV(Bind(library, "XGDMatrixSetFloatInfo", api.MatrixSetFloats));
  TRYV(Bind(library, "XGDMatrixSetStrFeatureInfo", api.MatrixSetTexts));
  TRYV(Bind(library, "XGDMatrixFree", api.MatrixFree));
  TRYV(Bind(library, "XGBoosterCreate", api.BoosterCreate));
  TRYV(Bind(library, "XGBoosterFree", api.BoosterFree));
  TRYV(Bind(library, "XGBoosterSlice", api.BoosterSlice));
  TRYV(Bind(library, "XGBoosterSetParam", api.BoosterSetParam));
  TRYV(Bind(library, "XGBoosterUpdateOneIter", api.BoosterUpdate));
  TRYV(Bind(library, "XGBoosterEvalOneIter", api.BoosterEval));
  TRYV(Bind(library, "XGBoosterSetAttr", api.BoosterSetAttribute));
  TRYV(Bind(library, "XGBoosterSetStrFeatureInfo", api.BoosterSetTexts));
  TRYV(Bind(library, "XGBoosterFeatureScore", api.BoosterScores));
  TRYV(Bind(library, "XGBoosterSaveModelToBuffer", api.BoosterSave));
  return api;
}

// "[10:12:33] ./src/learner.cc:499: Check failed: a < b (…): text\nStack trace …" → "Check failed: a < b (…): text"
std::string CleanMessage(std::string_view message) {
  message = message.substr(0, message.find("Stack trace"));
  const std::size_t source = message.find(".cc:");
  const std::size_t after = source == std::string_view::npos ? source : message.find(": ", source);
  if (after != std::string_view::npos) message.remove_prefix(after + 2);
  return ReplaceAll(Trim(message), "\n", " ");
}

std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

}  // namespace

Result<const XgboostApi*> XgboostApi::Open() {
  // Never destroyed: the library's threads may outlive main.
  static const Result<XgboostApi>* const loaded = new Result<XgboostApi>(Load());
  if (!loaded->ok()) return Error(loaded->error());
  return &**loaded;
}

Result<void> XgboostApi::Check(int status, std::string_view verb) const {
  if (status == 0) return {};
  return Fail(Code::kInvalid, fmt::format("cannot {}: xgboost says: {}", verb, CleanMessage(LastError())));
}

Result<Matrix> Matrix::Make(const XgboostApi& api, std::span<const float> values, std::size_t rows, std::size_t columns,
                            int threads) {
  CHECK_BUG(values.size() == rows * columns);
  const std::string array = fmt::format(R"({{"data": [{}, true], "shape": [{}, {}], "typestr": "<f4", "version": 3}})",
                                        reinterpret_cast<std::uintptr_t>(values.data()), rows, columns);
  const std::string config = fmt::format(R"({{"missing": NaN, "nthread": {}}})", threads);
  void* handle = nullptr;
  TRYV(api.Check(api.MatrixFromDense(array.c_str(), config.c_str(), &handle), "load the training rows"));
  return Matrix(api, handle);
}

Result<void> Matrix::SetFloats(const char* field, std::span<const float> values) {
  return api_->Check(api_->MatrixSetFloats(handle(), field, values.data(), values.size()), fmt::format("set {}", field));
}

Result<void> Matrix::SetTexts(const char* field, const std::vector<std::string>& texts) {
  std::vector<const char*> pointers = Pointers(texts);
  return api_->Check(api_->MatrixSetTexts(handle(), field, pointers.data(), pointers.size()), fmt::format("set {}", field));
}

Result<Booster> Booster::Make(const XgboostApi& api, const std::vector<XgboostApi::Handle>& matrices,
                              const std::vector<std::pair<std::string, std::string>>& params) {
  void* handle = nullptr;
  TRYV(api.Check(api.BoosterCreate(matrices.data(), matrices.size(), &handle), "make a booster"));
  Booster booster(api, handle);
  for (const auto& [name, value] : params) {
    TRYV(api.Check(api.BoosterSetParam(handle, name.c_str(), value.c_str()), fmt::format("set parameter '{}'", name)));
  }
  return booster;
}

Result<void> Booster::Update(int round, const Matrix& train) {
  return api_->Check(api_->BoosterUpdate(handle_.get(), round, train.handle()), fmt::format("train round {}", round));
}

Result<std::string> Booster::Evaluate(int round, std::vector<XgboostApi::Handle> matrices, std::vector<const char*> names) {
  const char* text = nullptr;
  TRYV(api_->Check(api_->BoosterEval(handle_.get(), round, matrices.data(), names.data(), matrices.size(), &text),
                   fmt::format("evaluate round {}", round)));
  return std::string(text);
}

Result<Booster> Booster::Head(int rounds) const {
  void* handle = nullptr;
  TRYV(api_->Check(api_->BoosterSlice(handle_.get(), 0, rounds, 1, &handle), "keep the best rounds"));
  return Booster(*api_, handle);
}

Result<void> Booster::SetAttribute(const char* name, const std::string& value) {
  return api_->Check(api_->BoosterSetAttribute(handle_.get(), name, value.c_str()), fmt::format("set attribute '{}'", name));
}

Result<void> Booster::SetTexts(const char* field, const std::vector<std::string>& texts) {
  std::vector<const char*> pointers = Pointers(texts);
  return api_->Check(api_->BoosterSetTexts(handle_.get(), field, pointers.data(), pointers.size()), fmt::format("set {}", field));
}

Result<std::vector<double>> Booster::TotalGain(std::size_t features) const {
  // Own names, so that the reply tells the index whatever the features are called.
  std::string config = R"({"importance_type": "total_gain", "feature_names": [)";
  for (std::size_t i = 0; i < features; ++i) config += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", i);
  config += "]}";
  XgboostApi::Length count = 0;
  XgboostApi::Length dimension = 0;
  const char** names = nullptr;
  const XgboostApi::Length* shape = nullptr;
  const float* scores = nullptr;
  TRYV(api_->Check(api_->BoosterScores(handle_.get(), config.c_str(), &count, &names, &dimension, &shape, &scores),
                   "read feature importance"));
  std::vector<double> gain(features, 0);
  for (XgboostApi::Length i = 0; i < count; ++i) {
    const std::optional<std::int64_t> index = ParseInt(names[i]);
    if (index && *index >= 0 && static_cast<std::size_t>(*index) < features) gain[static_cast<std::size_t>(*index)] = scores[i];
  }
  return gain;
}

Result<std::string> Booster::SaveUbj() const {
  XgboostApi::Length size = 0;
  const char* bytes = nullptr;
  TRYV(api_->Check(api_->BoosterSave(handle_.get(), R"({"format": "ubj"})", &size, &bytes), "save the model"));
  return std::string(bytes, size);
}

}  // namespace mlean::train

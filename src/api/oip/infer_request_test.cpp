#include "api/oip/infer_request.hpp"

#include <bit>
#include <filesystem>

#include "api/oip/usual_request.hpp"
#include "base/text.hpp"

namespace mlean::api::oip {
namespace {

// The features hour, carrier (a category by name), code (a category by number) and late.
std::shared_ptr<const infer::Model> FrameModel() {
  const std::filesystem::path path = std::filesystem::path(MLEAN_SOURCE_DIR) / "tests/golden/infer/v32_frame.ubj";
  Result<std::shared_ptr<const infer::Model>> model = infer::Model::Load(path.string());
  EXPECT_TRUE(model) << model.error().what;
  return *model;
}

std::string Tensor(std::string_view name, std::string_view datatype, std::string_view value) {
  return fmt::format(R"({{"name":"{}","shape":[1],"datatype":"{}","data":[{}]}})", name, datatype, value);
}

std::string Body(const std::vector<std::string>& tensors, std::string_view more = "") {
  return fmt::format(R"({{"id":"r-1","inputs":[{}]{}}})", Join(tensors, ","), more);
}

bool IsUsual(std::string_view text) {
  UsualRequest usual;
  return ReadUsualRequest(text, usual);
}

// The row's bits in hex, or the error.
std::string Encoded(std::string_view text, const infer::Model& model) {
  const Result<InferRequest> request = ParseInferRequest(text);
  if (!request) return request.error().what;
  std::vector<float> rows;
  const Result<void> done = EncodeRequest(*request, model, rows);
  if (!done) return done.error().what;
  std::string out = request->id;
  for (const float value : rows) out += fmt::format(" {:08x}", std::bit_cast<std::uint32_t>(value));
  return out;
}

// A member that only the whole parser reads changes nothing else.
constexpr std::string_view kWhole = R"(,"parameters":{})";

TEST(InferRequest, TheHotPathAgreesWithTheWholeParser) {
  const std::shared_ptr<const infer::Model> model = FrameModel();
  const std::vector<std::pair<std::string_view, std::string_view>> values = {{"FP32", "5"},
                                                                             {"FP32", "5.25"},
                                                                             {"FP64", "-1e-3"},
                                                                             {"FP32", "1e3"},
                                                                             {"FP32", "1e60"},
                                                                             {"FP32", "null"},
                                                                             {"FP32", "3.5e38"},
                                                                             {"FP32", "NaN"},
                                                                             {"FP32", "01"},
                                                                             {"FP32", "1."},
                                                                             {"FP32", "-"},
                                                                             {"FP32", "true"},
                                                                             {"FP32", "\"5\""},
                                                                             {"FP32", "[5]"},
                                                                             {"FP32", "5,6"},
                                                                             {"FP32", ""},
                                                                             {"FP32", "+1"},
                                                                             {"INT64", "7"},
                                                                             {"INT64", "7.0"},
                                                                             {"INT64", "7.5"},
                                                                             {"INT32", "3000000000"},
                                                                             {"INT32", "-12"},
                                                                             {"INT8", "300"},
                                                                             {"UINT8", "1"},
                                                                             {"BOOL", "true"},
                                                                             {"BOOL", "1"},
                                                                             {"BYTES", "\"UA\""},
                                                                             {"BYTES", "\"ZZ\""},
                                                                             {"BYTES", "null"},
                                                                             {"BYTES", "7"},
                                                                             {"BYTES", "\"\\u0055A\""},
                                                                             {"FP16", "1"},
                                                                             {"TEXT", "1"},
                                                                             {"", "1"},
                                                                             {"INT64", "null"},
                                                                             {"FP32", "-0.0"}};
  const std::vector<std::pair<std::string, std::string_view>> others = {
      {"hour", "FP32"}, {"carrier", "BYTES"}, {"code", "INT64"}, {"late", "INT32"}};
  int usual = 0;
  for (std::size_t column = 0; column < others.size(); ++column) {
    for (const auto& [datatype, value] : values) {
      std::vector<std::string> tensors;
      for (std::size_t i = 0; i < others.size(); ++i) {
        tensors.push_back(i == column ? Tensor(others[i].first, datatype, value)
                                      : Tensor(others[i].first, others[i].second, i == 1 ? "\"AA\"" : "1"));
      }
      const std::string body = Body(tensors);
      usual += IsUsual(body) ? 1 : 0;
      EXPECT_FALSE(IsUsual(Body(tensors, kWhole)));
      EXPECT_EQ(Encoded(body, *model), Encoded(Body(tensors, kWhole), *model)) << body;
    }
  }
  EXPECT_GT(usual, 40);  // else this compares the whole parser with itself
}

TEST(InferRequest, WhatIsUsual) {
  const std::string hour = Tensor("hour", "FP32", "5");
  EXPECT_TRUE(IsUsual(Body({hour})));
  EXPECT_TRUE(IsUsual(" {\n\"inputs\": [ { \"data\": [ 5 ] , \"datatype\":\"FP64\", \"name\": \"x\", \"shape\": [ 1 ]\t} ] } "));
  for (const std::string& text :
       std::vector<std::string>{"", "{}", "[]", R"({"inputs":[]})", R"({"inputs":[{}]})", Body({hour}) + "x",
                                Body({hour}).substr(0, Body({hour}).size() - 1), Body({hour}, R"(,"id":"again")"),
                                Body({hour}, R"(,"inputs":[])"), Body({hour}, R"(,"outputs":[{"name":"predict"}])"),
                                R"({"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1,2]}]})",
                                R"({"inputs":[{"name":"input","shape":[1,1],"datatype":"FP32","data":[1]}]})",
                                R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1],"data":[2]}]})",
                                R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1],"parameters":{}}]})",
                                R"({"inputs":[{"name":"x\"","shape":[1],"datatype":"FP32","data":[1]}]})",
                                "{\"inputs\":[{\"name\":\"\xff\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}"}) {
    EXPECT_FALSE(IsUsual(text)) << text;
  }
}

TEST(InferRequest, ARepeatedOrAbsentTensorIsRefusedOnBothWays) {
  const std::shared_ptr<const infer::Model> model = FrameModel();
  const std::string code = Tensor("code", "INT64", "1");
  const std::vector<std::string> good = {Tensor("hour", "FP32", "5"), Tensor("carrier", "BYTES", "\"AA\""), code,
                                         Tensor("late", "INT32", "1")};
  std::vector<std::string> known = good;
  known.push_back(code);
  std::vector<std::string> unknown = good;
  unknown.insert(unknown.end(), 2, Tensor("x", "FP32", "1"));
  std::vector<std::string> extra = good;
  extra.push_back(Tensor("x", "FP32", "1"));
  EXPECT_THAT(Encoded(Body(known), *model), testing::HasSubstr("'code': it is given twice"));
  EXPECT_THAT(Encoded(Body(unknown), *model), testing::HasSubstr("'x': it is given twice"));
  EXPECT_EQ(Encoded(Body(extra), *model), Encoded(Body(good), *model));
  for (const auto& tensors : {known, unknown, extra, {code}}) {
    EXPECT_TRUE(IsUsual(Body(tensors)));
    EXPECT_EQ(Encoded(Body(tensors), *model), Encoded(Body(tensors, kWhole), *model));
  }
}

}  // namespace
}  // namespace mlean::api::oip

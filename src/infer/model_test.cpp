#include "infer/model.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "infer/golden_files_test.hpp"
#include "infer/input_hash.hpp"

namespace mlean::infer {
namespace {

std::shared_ptr<const Model> Golden(std::string_view name) {
  Result<std::shared_ptr<const Model>> model = Model::Load((GoldenFolder() / name).string());
  EXPECT_TRUE(model.ok()) << model.error().what;
  return *model;
}

TEST(Model, AnswersProbabilitiesValuesAndLabels) {
  const auto binary = Golden("v32_binary.json");
  for (const GoldenRow& row : GoldenRows(GoldenFolder() / "v32_binary.json")) {
    const Prediction prediction = binary->PredictRow(row.features);
    EXPECT_FLOAT_EQ(prediction.value, row.outputs[0]);
    EXPECT_EQ(prediction.label, row.outputs[0] >= 0.5F ? 1 : 0);
    EXPECT_TRUE(prediction.outputs.empty());
  }
  const auto multi = Golden("v32_multi.ubj");
  for (const GoldenRow& row : GoldenRows(GoldenFolder() / "v32_multi.ubj")) {
    const Prediction prediction = multi->PredictRow(row.features);
    ASSERT_EQ(prediction.outputs.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_FLOAT_EQ(prediction.outputs[i], row.outputs[i]);
    EXPECT_EQ(prediction.label, std::max_element(row.outputs.begin(), row.outputs.end()) - row.outputs.begin());
    EXPECT_EQ(prediction.value, prediction.outputs[static_cast<std::size_t>(prediction.label)]);
  }
  const auto poisson = Golden("v17_poisson.ubj");
  const GoldenRow row = GoldenRows(GoldenFolder() / "v17_poisson.ubj")[0];
  EXPECT_FLOAT_EQ(poisson->PredictRow(row.features).value, row.outputs[0]);
  EXPECT_EQ(poisson->PredictRow(row.features).label, -1);
  EXPECT_EQ(poisson->digest(), Sha256Hex(ReadBytes(GoldenFolder() / "v17_poisson.ubj")));
}

// A data frame with text categories, from JSON rows, against what xgboost predicts for the frame.
TEST(Model, EncodesAndPredictsAsXgboostDoesWithAFrame) {
  const auto model = Golden("v32_frame.ubj");
  std::ifstream in(GoldenFolder() / "v32_frame.csv");
  std::string line;
  std::getline(in, line);
  std::size_t rows = 0;
  const auto bits = [](std::string_view hex) {
    std::uint32_t value = 0;
    std::from_chars(hex.data(), hex.data() + 8, value, 16);
    return std::bit_cast<float>(value);
  };
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = Split(line, ',');
    const std::string body = fmt::format(R"({{"hour":{:.9g},"carrier":"{}","code":{},"late":{}}})", bits(cells[0]), cells[1],
                                         cells[2], cells[3] == "1" ? "true" : "false");
    std::vector<float> row(4);
    const Result<void> encoded = model->encoder().EncodeFlatJson(body, row);
    ASSERT_TRUE(encoded.ok()) << encoded.error().what;
    float margin = 0;
    model->forest().PredictMargins(row, 1, {&margin, 1});
    EXPECT_EQ(std::bit_cast<std::uint32_t>(margin), std::bit_cast<std::uint32_t>(bits(cells[4]))) << body;
    ++rows;
  }
  EXPECT_EQ(rows, 40U);
}

TEST(Model, NamesCutInWrongPlacesAreNotTrusted) {
  EXPECT_TRUE(Golden("v32_umlaut.json")->schema().features[0].categories.empty());
}

// The golden binary model with a schema in its attributes.
std::string WithSchema(std::string_view schema) {
  std::string bytes = ReadBytes(GoldenFolder() / "v32_binary.json");
  const std::string quoted = codec::Json(schema).Dump();
  const std::string from = R"("attributes":{})";
  const std::size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos);
  return bytes.replace(at, from.size(), fmt::format(R"("attributes":{{"mlean.schema":{}}})", quoted));
}

TEST(Model, CarriesItsSchema) {
  ModelSchema schema;
  schema.task = Task::kClassification;
  schema.label = "late";
  schema.classes = {"no", "yes"};
  schema.positive = "no";
  schema.threshold = 0.7;
  for (const char* const name : {"a", "b", "c", "d", "e", "f"}) schema.features.push_back({name, FeatureKind::kNumber, {}, true});
  const Result<std::shared_ptr<const Model>> model = Model::Parse(WithSchema(schema.ToJson().Dump()), "x");
  ASSERT_TRUE(model.ok()) << model.error().what;
  EXPECT_EQ((*model)->schema(), schema);
  for (const GoldenRow& row : GoldenRows(GoldenFolder() / "v32_binary.json")) {
    const Prediction prediction = (*model)->PredictRow(row.features);
    EXPECT_FLOAT_EQ(prediction.value, 1 - row.outputs[0]);  // the positive class is the model's class 0
    EXPECT_EQ(prediction.label, static_cast<double>(prediction.value) >= 0.7 ? 0 : 1);
  }
  schema.features.pop_back();
  const Result<std::shared_ptr<const Model>> wrong = Model::Parse(WithSchema(schema.ToJson().Dump()), "x");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().what, "cannot load model 'x': cannot read model schema: it has 5 features, the model has 6");
}

TEST(InputHash, IsOfTheValues) {
  const float row[] = {1.5F, -0.0F, NAN};
  const float same[] = {1.5F, 0.0F, -std::nanf("7")};
  const float other[] = {1.5F, 0.0F, 0.0F};
  EXPECT_EQ(InputHash(row), InputHash(same));
  EXPECT_NE(InputHash(row), InputHash(other));
  EXPECT_NE(InputHash({row, 2}), InputHash({row, 1}));
  const char bytes[] = "\x03\0\0\0\0\0\xc0\x3f\0\0\0\0\0\0\xc0\x7f";
  const auto hex = [](const std::array<std::uint8_t, 16>& hash) { return Hex(hash.data(), hash.size()); };
  EXPECT_EQ(hex(InputHash(row)), Sha256Hex({bytes, 16}).substr(0, 32));
  const std::vector<float> wide(1000, 0.0F);
  EXPECT_EQ(hex(InputHash(wide)), Sha256Hex(std::string("\xe8\x03\0\0", 4) + std::string(4000, '\0')).substr(0, 32));
}

}  // namespace
}  // namespace mlean::infer

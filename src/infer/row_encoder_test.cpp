#include "infer/row_encoder.hpp"

#include <cmath>
#include <random>

namespace mlean::infer {
namespace {

using codec::Json;

ModelSchema Schema() {
  ModelSchema schema;
  schema.features = {
      {"hour", FeatureKind::kNumber, {}, true},    {"day", FeatureKind::kInteger, {}, true},
      {"late", FeatureKind::kBoolean, {}, false},  {"carrier", FeatureKind::kCategory, {"AA", "UA", "7", "\xc3\x9c"}, false},
      {"code", FeatureKind::kCategory, {}, false}, {"when", FeatureKind::kTime, {}, false}};
  return schema;
}

// Through the DOM and through the hot path: both must agree, in values, reports and errors.
Result<std::vector<float>> Encode(const RowEncoder& encoder, std::string_view text, EncodeReport* report = nullptr) {
  std::vector<float> slow(encoder.features());
  std::vector<float> fast(encoder.features());
  EncodeReport slow_report;
  EncodeReport fast_report;
  const Result<Json> json = Json::Parse(text);
  const Result<void> first = json ? encoder.Encode(*json, slow, &slow_report) : Result<void>(json.error());
  const Result<void> second = encoder.EncodeFlatJson(text, fast, &fast_report);
  EXPECT_EQ(first.ok(), second.ok()) << text;
  if (!first) {
    EXPECT_EQ(first.error().what, second.error().what);
    return first.error();
  }
  for (std::size_t i = 0; i < slow.size(); ++i)
    EXPECT_TRUE(slow[i] == fast[i] || (std::isnan(slow[i]) && std::isnan(fast[i]))) << text << " " << i;
  EXPECT_EQ(slow_report.missing, fast_report.missing) << text;
  EXPECT_EQ(slow_report.unknown_categories, fast_report.unknown_categories);
  EXPECT_EQ(slow_report.extra_columns, fast_report.extra_columns);
  if (report != nullptr) *report = fast_report;
  return fast;
}

TEST(RowEncoder, EncodesEveryKind) {
  const RowEncoder encoder(Schema());
  const Result<std::vector<float>> row =
      Encode(encoder, R"({"hour": 5.25, "day": 3, "late": true, "carrier": "UA", "code": 12, "when": "1970-01-01T00:01:00Z"})");
  ASSERT_TRUE(row.ok()) << row.error().what;
  EXPECT_THAT(*row, testing::ElementsAre(5.25F, 3, 1, 1, 12, 60000));
  EXPECT_THAT(*Encode(encoder, R"( { "when":5e0,"code":0 ,"carrier":7,"late":0,"day":-4.0,"hour":1e-3 } )"),
              testing::ElementsAre(1e-3F, -4, 0, 2, 0, 5));
  EXPECT_EQ((*Encode(encoder, R"({"hour":1,"day":1,"carrier":"\u00dc"})"))[3], 3);
  EXPECT_EQ((*Encode(encoder, "{\"hour\":1,\"day\":1,\"carrier\":\"\xc3\x9c\"}"))[3], 3);
}

TEST(RowEncoder, MissingUnknownAndExtra) {
  const RowEncoder encoder(Schema());
  EncodeReport report;
  const Result<std::vector<float>> row =
      Encode(encoder, R"({"hour": null, "day": 1, "carrier": "ZZ", "x": "y", "z": -1.5e3, "t": null})", &report);
  ASSERT_TRUE(row.ok());
  EXPECT_TRUE(std::isnan((*row)[0]) && std::isnan((*row)[2]) && std::isnan((*row)[3]) && std::isnan((*row)[5]));
  EXPECT_EQ(report.missing, 5U);
  EXPECT_EQ(report.unknown_categories, 1U);
  EXPECT_EQ(report.extra_columns, 3U);
  const RowEncoder strict(Schema(), {.refuse_extra_columns = true});
  EXPECT_EQ(Encode(strict, R"({"hour":1,"day":1,"x":2})").error().what, "cannot encode row: the model has no column 'x'");
  ModelSchema picky = Schema();
  picky.missing = MissingValue::kError;
  EXPECT_EQ(Encode(RowEncoder(picky), R"({"hour":null,"day":1})").error().what, "cannot encode row: column 'hour' has no value");
  picky.unknown_category = UnknownCategory::kError;
  EXPECT_EQ(Encode(RowEncoder(picky), R"({"hour":1,"day":1,"carrier":"ZZ"})").error().what,
            "cannot encode row: column 'carrier' has the unknown category 'ZZ'");
}

TEST(RowEncoder, ErrorsNameTheColumn) {
  const RowEncoder encoder(Schema());
  const struct {
    std::string_view text, what;
  } cases[] = {
      {R"({"day":1})", "column 'hour' is missing"},
      {R"({"hour":"5","day":1})", "column 'hour' must be a number, not a string"},
      {R"({"hour":true,"day":1})", "column 'hour' must be a number, not a bool"},
      {R"({"hour":[1],"day":1})", "column 'hour' must be a number, not a list"},
      {R"({"hour":{"a":1},"day":1})", "column 'hour' must be a number, not an object"},
      {R"({"hour":1,"day":1.5})", "column 'day' must be an integer, not 1.5"},
      {R"({"hour":1,"day":1,"late":2})", "column 'late' must be a boolean, not 2"},
      {R"({"hour":1,"day":1,"code":-1})", "column 'code' must be a category code, not -1"},
      {R"({"hour":1,"day":1,"code":"AA"})", "column 'code' must be a category code, not a string"},
      {R"({"hour":1,"day":1,"when":"soon"})", "column 'when' must be a time such as '2013-04-01T12:00:00Z', not 'soon'"},
      {R"({"hour":1e60,"day":1})", "column 'hour' is out of the range of a 32-bit float: 1e+60"},
      {R"("x")", "it must be an object"},
  };
  for (const auto& [text, what] : cases) {
    std::vector<float> out(encoder.features());
    const Result<void> result = encoder.EncodeFlatJson(text, out);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.error().code, Code::kInvalid);
    EXPECT_THAT(result.error().what, testing::StartsWith(fmt::format("cannot encode row: {}", what)));
    if (text[0] == '{') {
      EXPECT_FALSE(Encode(encoder, text).ok());
    }
  }
}

TEST(RowEncoder, HotPathIsAsStrictAsTheParser) {
  const RowEncoder encoder(Schema());
  for (const char* const text : {"",
                                 "{",
                                 "{}",
                                 "{}x",
                                 "{\"hour\":1,\"day\":1",
                                 "{\"hour\":1,\"day\":1}}",
                                 "{\"hour\":1,\"day\":1,}",
                                 "{\"hour\":1 \"day\":1}",
                                 "{\"hour\":01,\"day\":1}",
                                 "{\"hour\":1.,\"day\":1}",
                                 "{\"hour\":.5,\"day\":1}",
                                 "{\"hour\":+1,\"day\":1}",
                                 "{\"hour\":1e,\"day\":1}",
                                 "{\"hour\":-,\"day\":1}",
                                 "{\"hour\":NaN,\"day\":1}",
                                 "{\"hour\":nul,\"day\":1}",
                                 "{\"hour\":1,\"hour\":2,\"day\":1}",
                                 "{\"hour\":1,\"day\":1,\"x\":\"\x01\"}",
                                 "{\"hour\":1,\"day\":1,\"x\":\"\xff\"}",
                                 "{\"hour\":1,\"day\":1,\"x\":tru}",
                                 "{\"hour\":1,\"day\":1,\"x\":01}",
                                 "{hour:1}",
                                 "{\"hour\":inf,\"day\":1}",
                                 "{\"hour\":0x1,\"day\":1}",
                                 "{,}"}) {
    EXPECT_FALSE(Encode(encoder, text).ok()) << text;
  }
  EXPECT_TRUE(Encode(encoder, R"({"ho\u0075r":1,"day":1,"x":{"deep":[1,2]},"y":"\n"})").ok());
}

TEST(RowEncoder, HotPathReadsNumbersAsTheParserDoes) {
  const RowEncoder encoder(Schema());
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    std::string number;
    switch (random() % 4) {
      case 0: number = fmt::format("{}", static_cast<double>(static_cast<std::int64_t>(random())) / 1e15); break;
      case 1: number = fmt::format("{:.{}f}", static_cast<double>(random() % 100000000) / 1e4, random() % 21); break;
      case 2: number = fmt::format("{:e}", std::bit_cast<double>(random())); break;
      case 3: number = fmt::format("{}", static_cast<std::int64_t>(random()) >> (random() % 60)); break;
    }
    if (number.find_first_of("ni") != std::string::npos) continue;
    (void)Encode(encoder, fmt::format(R"({{"hour":{},"day":1}})", number));
  }
}

TEST(RowEncoder, ListsInSchemaOrder) {
  const RowEncoder encoder(Schema());
  std::vector<float> out(6);
  ASSERT_TRUE(encoder.Encode(*Json::Parse(R"([1, 2, false, "AA", 3, null])"), out).ok());
  EXPECT_EQ(out[3], 0);
  EXPECT_TRUE(std::isnan(out[5]));
  EXPECT_EQ(encoder.Encode(*Json::Parse("[1,2]"), out).error().what,
            "cannot encode row: it has 2 values, the model has 6 columns");
}

TEST(RowEncoder, Frames) {
  const RowEncoder encoder(Schema());
  types::Frame frame;
  frame.columns = {{"carrier", types::Kind::kText, {}, {}, {0, 1, 1, types::kMissingCode}, {"UA", "ZZ"}},
                   {"hour", types::Kind::kReal, {1, 2.5, NAN, 4}, {}, {}, {}},
                   {"day", types::Kind::kInt, {}, {1, 2, 3, types::kMissingInt}, {}, {}},
                   {"extra", types::Kind::kBool, {}, {1, 1, 0, 0}, {}, {}},
                   {"late", types::Kind::kBool, {}, {1, 0, 1, 0}, {}, {}}};
  EncodeReport report;
  const Result<std::vector<float>> rows = encoder.EncodeFrame(frame, &report);
  ASSERT_TRUE(rows.ok()) << rows.error().what;
  ASSERT_EQ(rows->size(), 24U);
  EXPECT_EQ((*rows)[0], 1);
  EXPECT_EQ((*rows)[3], 1);
  EXPECT_EQ((*rows)[6], 2.5F);
  EXPECT_TRUE(std::isnan((*rows)[9]));
  EXPECT_EQ((*rows)[14], 1);
  EXPECT_EQ(report.unknown_categories, 2U);
  EXPECT_EQ(report.extra_columns, 1U);
  EXPECT_EQ(report.missing, 2U + 1 + 1 + 1 + 8);
  frame.columns[1] = {"hour", types::Kind::kText, {}, {}, {0, 0, 0, 0}, {"x"}};
  EXPECT_EQ(encoder.EncodeFrame(frame).error().what, "cannot encode row 0: column 'hour' must be a number, not a string");
  frame.columns[1] = {"hour", types::Kind::kReal, {1, 1e300, 1, 1}, {}, {}, {}};
  EXPECT_THAT(encoder.EncodeFrame(frame).error().what,
              testing::HasSubstr("cannot encode row 1: column 'hour' is out of the range"));
  frame.columns.erase(frame.columns.begin() + 1);
  EXPECT_EQ(encoder.EncodeFrame(frame).error().what, "cannot encode row: column 'hour' is missing");
  frame.columns[0] = {"carrier", types::Kind::kInt, {}, {7, 7, 8, 7}, {}, {}};
  frame.columns.push_back({"hour", types::Kind::kInt, {}, {1, 2, 3, 4}, {}, {}});
  EXPECT_EQ((*encoder.EncodeFrame(frame))[3], 2);
}

}  // namespace
}  // namespace mlean::infer

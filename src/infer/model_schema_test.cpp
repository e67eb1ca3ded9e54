#include "infer/model_schema.hpp"

namespace mlean::infer {
namespace {

using codec::Json;

constexpr std::string_view kText =
    R"({"version":1,"task":"classification","label":"late","classes":["no","yes"],"positive":"yes","threshold":0.4,)"
    R"("unknown_category":"error","missing":"allow","features":[{"name":"hour","kind":"integer","required":true},)"
    R"({"name":"carrier","kind":"category","categories":["AA","UA"],"required":false}]})";

Result<ModelSchema> Read(std::string_view text) {
  const Result<Json> json = Json::Parse(text);
  EXPECT_TRUE(json.ok()) << text;
  return ModelSchema::FromJson(*json);
}

TEST(ModelSchema, SurvivesItsText) {
  const Result<ModelSchema> schema = Read(kText);
  ASSERT_TRUE(schema.ok()) << schema.error().what;
  EXPECT_EQ(schema->task, Task::kClassification);
  EXPECT_EQ(schema->positive, "yes");
  EXPECT_EQ(schema->threshold, 0.4);
  EXPECT_EQ(schema->unknown_category, UnknownCategory::kError);
  EXPECT_EQ(schema->features[0].kind, FeatureKind::kInteger);
  EXPECT_THAT(schema->features[1].categories, testing::ElementsAre("AA", "UA"));
  EXPECT_FALSE(schema->features[1].required);
  EXPECT_EQ(schema->ToJson().Dump(), kText);
  EXPECT_EQ(*ModelSchema::FromJson(schema->ToJson()), *schema);
}

TEST(ModelSchema, SaysWhatIsWrong) {
  const std::string good(kText);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const struct {
    std::string text, what;
  } cases[] = {
      {with("\"version\":1", "\"version\":2"), "version 2 is not known"},
      {with("classification", "ranking"), "'task' must be one of classification, regression, not 'ranking'"},
      {with("\"kind\":\"integer\"", "\"kind\":\"int\""),
       "feature 0: 'kind' must be one of number, integer, boolean, category, time, not 'int'"},
      {with("\"UA\"", "\"AA\""), "feature 1: 'categories' holds 'AA' twice"},
      {with("\"UA\"", "7"), "feature 1: 'categories' must hold strings, not an integer"},
      {with("carrier", "hour"), "two features are called 'hour'"},
      {with("\"positive\":\"yes\"", "\"positive\":\"maybe\""), "'positive' is 'maybe'"},
      {with("0.4", "1.5"), "'threshold' must be from 0 to 1"},
      {with("\"classes\":[\"no\",\"yes\"],", ""), "'classes' is missing"},
      {with("\"kind\":\"category\"", "\"kind\":\"number\""), "feature 1: a number has no 'categories'"},
      {"[]", "it must be an object, not a list"},
  };
  for (const auto& [text, what] : cases) {
    const Result<ModelSchema> schema = Read(text);
    ASSERT_FALSE(schema.ok()) << what;
    EXPECT_THAT(schema.error().what, testing::HasSubstr(what));
    EXPECT_TRUE(schema.error().what.starts_with("cannot read model schema: ")) << schema.error().what;
  }
}

Forest::Info Info(std::string objective, Link link, std::size_t groups, std::size_t features) {
  Forest::Info info;
  info.objective = std::move(objective);
  info.link = link;
  info.groups = groups;
  info.features = features;
  return info;
}

TEST(ModelSchema, IsCheckedAgainstTheForest) {
  const ModelSchema schema = *Read(kText);
  EXPECT_TRUE(schema.CheckAgainst(Info("binary:logistic", Link::kSigmoid, 1, 2)).ok());
  EXPECT_THAT(schema.CheckAgainst(Info("binary:logistic", Link::kSigmoid, 1, 3)).error().what,
              testing::HasSubstr("2 features, the model has 3"));
  EXPECT_THAT(schema.CheckAgainst(Info("multi:softprob", Link::kSoftmax, 3, 2)).error().what,
              testing::HasSubstr("2 classes, the model has 3"));
  EXPECT_THAT(schema.CheckAgainst(Info("reg:squarederror", Link::kIdentity, 2, 2)).error().what,
              testing::HasSubstr("no classification"));
}

TEST(ModelSchema, ComesFromTheAttributeOrIsDerived) {
  Forest::Info info = Info("binary:logistic", Link::kSigmoid, 1, 2);
  info.attributes.emplace_back("mlean.schema", kText);
  EXPECT_EQ(SchemaOf(info)->label, "late");
  info.attributes[0].second = "{";
  EXPECT_TRUE(SchemaOf(info).error().what.starts_with("cannot read model schema: ")) << SchemaOf(info).error().what;

  info = Info("binary:logistic", Link::kSigmoid, 1, 4);
  info.feature_types = {"float", "int", "i", "c"};
  info.categories = {{}, {}, {}, {"x", "y"}};
  const Result<ModelSchema> derived = SchemaOf(info);
  ASSERT_TRUE(derived.ok());
  EXPECT_EQ(derived->task, Task::kClassification);
  EXPECT_THAT(derived->classes, testing::ElementsAre("0", "1"));
  EXPECT_EQ(derived->positive, "1");
  EXPECT_EQ(derived->features[0], (Feature{"f0", FeatureKind::kNumber, {}, true}));
  EXPECT_EQ(derived->features[1].kind, FeatureKind::kInteger);
  EXPECT_EQ(derived->features[2].kind, FeatureKind::kBoolean);
  EXPECT_EQ(derived->features[3], (Feature{"f3", FeatureKind::kCategory, {"x", "y"}, true}));
  EXPECT_EQ(SchemaOf(Info("multi:softprob", Link::kSoftmax, 3, 1))->classes.size(), 3U);
  EXPECT_EQ(SchemaOf(Info("count:poisson", Link::kExp, 1, 1))->task, Task::kRegression);
  info.feature_names = {"a", "b", "a", "c"};
  EXPECT_THAT(SchemaOf(info).error().what, testing::HasSubstr("two features are called 'a'"));
}

}  // namespace
}  // namespace mlean::infer

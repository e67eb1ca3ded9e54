#include "infer/model_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_set>
#include <utility>

namespace mlean::infer {
namespace {

using codec::Json;

constexpr std::size_t kMaxCategories = 1 << 24;  // the largest code that XGBoost takes

template <class T>
struct Named {
  std::string_view name;
  T value;
};
constexpr Named<Task> kTasks[] = {{"classification", Task::kClassification}, {"regression", Task::kRegression}};
constexpr Named<FeatureKind> kKinds[] = {{"number", FeatureKind::kNumber},
                                         {"integer", FeatureKind::kInteger},
                                         {"boolean", FeatureKind::kBoolean},
                                         {"category", FeatureKind::kCategory},
                                         {"time", FeatureKind::kTime}};
constexpr Named<UnknownCategory> kUnknown[] = {{"missing", UnknownCategory::kMissing}, {"error", UnknownCategory::kError}};
constexpr Named<MissingValue> kMissing[] = {{"allow", MissingValue::kAllow}, {"error", MissingValue::kError}};

template <class T, std::size_t N>
std::string_view NameOf(const Named<T> (&names)[N], T value) {
  for (const Named<T>& entry : names) {
    if (entry.value == value) return entry.name;
  }
  return {};
}

Error Wrong(std::string_view cause) { return Fail(Code::kInvalid, fmt::format("cannot read model schema: {}", cause)); }

// The member `key` as one of `names`; `otherwise` (may be empty) stands for an absent one.
template <class T, std::size_t N>
Result<T> OneOf(const Json& json, std::string_view key, const Named<T> (&names)[N], std::string_view otherwise) {
  TRY(const std::string text, otherwise.empty() ? json.StringAt(key) : json.StringAt(key, otherwise));
  std::string all;
  for (const Named<T>& entry : names) {
    if (entry.name == text) return entry.value;
    all += fmt::format("{}{}", all.empty() ? "" : ", ", entry.name);
  }
  return Fail(Code::kInvalid, fmt::format("'{}' must be one of {}, not '{}'", key, all, text));
}

// A list of distinct strings; empty when absent.
Result<std::vector<std::string>> DistinctStrings(const Json& json, std::string_view key) {
  std::vector<std::string> out;
  const Json* const found = json.Find(key);
  if (found == nullptr || found->IsNull()) return out;
  if (!found->IsArray()) return Fail(Code::kInvalid, fmt::format("'{}' must be a list, not {}", key, found->TypeName()));
  std::unordered_set<std::string_view> seen;
  for (const Json& item : found->AsArray()) {
    if (!item.IsString()) return Fail(Code::kInvalid, fmt::format("'{}' must hold strings, not {}", key, item.TypeName()));
    if (!seen.insert(item.AsString()).second)
      return Fail(Code::kInvalid, fmt::format("'{}' holds '{}' twice", key, item.AsString()));
    out.push_back(item.AsString());
  }
  if (out.size() > kMaxCategories)
    return Fail(Code::kTooLarge, fmt::format("'{}' holds more than {} entries", key, kMaxCategories));
  return out;
}

Json StringList(const std::vector<std::string>& strings) {
  Json::Array out;
  for (const std::string& text : strings) out.emplace_back(text);
  return out;
}

Result<Feature> ReadFeature(const Json& json) {
  if (!json.IsObject()) return Fail(Code::kInvalid, fmt::format("it must be an object, not {}", json.TypeName()));
  Feature feature;
  TRY(feature.name, json.StringAt("name"));
  TRY(feature.kind, OneOf(json, "kind", kKinds, ""));
  TRY(feature.categories, DistinctStrings(json, "categories"));
  TRY(feature.required, json.BoolAt("required", true));
  if (feature.kind != FeatureKind::kCategory && !feature.categories.empty()) {
    return Fail(Code::kInvalid, fmt::format("a {} has no 'categories'", FeatureKindName(feature.kind)));
  }
  return feature;
}

Feature DerivedFeature(const Forest::Info& forest, std::size_t index) {
  Feature feature;
  feature.name = forest.feature_names.empty() ? fmt::format("f{}", index) : forest.feature_names[index];
  const std::string_view type = forest.feature_types.empty() ? "float" : std::string_view(forest.feature_types[index]);
  if (type == "int") feature.kind = FeatureKind::kInteger;
  if (type == "i") feature.kind = FeatureKind::kBoolean;
  if (type == "c") {
    feature.kind = FeatureKind::kCategory;
    if (!forest.categories.empty()) feature.categories = forest.categories[index];
  }
  return feature;
}

}  // namespace

std::string_view TaskName(Task task) { return NameOf(kTasks, task); }
std::string_view FeatureKindName(FeatureKind kind) { return NameOf(kKinds, kind); }

Json ModelSchema::ToJson() const {
  Json json(Json::Object{{"version", 1}, {"task", TaskName(task)}, {"label", label}});
  if (task == Task::kClassification) json.Set("classes", StringList(classes));
  if (!positive.empty()) {
    json.Set("positive", positive);
    json.Set("threshold", threshold);
  }
  json.Set("unknown_category", NameOf(kUnknown, unknown_category));
  json.Set("missing", NameOf(kMissing, missing));
  Json::Array list;
  for (const Feature& feature : features) {
    Json entry(Json::Object{{"name", feature.name}, {"kind", FeatureKindName(feature.kind)}});
    if (!feature.categories.empty()) entry.Set("categories", StringList(feature.categories));
    entry.Set("required", feature.required);
    list.push_back(std::move(entry));
  }
  json.Set("features", std::move(list));
  return json;
}

Result<ModelSchema> ModelSchema::FromJson(const Json& json) {
  const auto read = [&]() -> Result<ModelSchema> {
    if (!json.IsObject()) return Fail(Code::kInvalid, fmt::format("it must be an object, not {}", json.TypeName()));
    ModelSchema schema;
    TRY(const std::int64_t version, json.IntAt("version"));
    if (version != 1) return Fail(Code::kUnsupported, fmt::format("version {} is not known", version));
    TRY(schema.task, OneOf(json, "task", kTasks, ""));
    TRY(schema.label, json.StringAt("label", ""));
    TRY(schema.classes, DistinctStrings(json, "classes"));
    TRY(schema.positive, json.StringAt("positive", ""));
    TRY(schema.threshold, json.DoubleAt("threshold", 0.5));
    TRY(schema.unknown_category, OneOf(json, "unknown_category", kUnknown, "missing"));
    TRY(schema.missing, OneOf(json, "missing", kMissing, "allow"));
    if (!(schema.threshold >= 0 && schema.threshold <= 1)) return Fail(Code::kInvalid, "'threshold' must be from 0 to 1");
    if (schema.task == Task::kClassification && schema.classes.empty()) return Fail(Code::kInvalid, "'classes' is missing");
    if (schema.task == Task::kRegression && !schema.classes.empty()) return Fail(Code::kInvalid, "a regression has no 'classes'");
    if (schema.positive.empty() && schema.classes.size() == 2) schema.positive = schema.classes[1];
    if (!schema.positive.empty() &&
        std::find(schema.classes.begin(), schema.classes.end(), schema.positive) == schema.classes.end()) {
      return Fail(Code::kInvalid, fmt::format("'positive' is '{}', which is none of the classes", schema.positive));
    }
    TRY(const Json* const features, json.ArrayAt("features"));
    for (const Json& entry : features->AsArray()) {
      Result<Feature> feature = ReadFeature(entry);
      if (!feature) return std::move(feature).error().With(fmt::format("feature {}", schema.features.size()));
      schema.features.push_back(*std::move(feature));
    }
    std::unordered_set<std::string_view> names;
    for (const Feature& feature : schema.features) {
      if (!names.insert(feature.name).second)
        return Fail(Code::kInvalid, fmt::format("two features are called '{}'", feature.name));
    }
    return schema;
  };
  Result<ModelSchema> schema = read();
  if (!schema) return std::move(schema).error().With("cannot read model schema");
  return schema;
}

Result<void> ModelSchema::CheckAgainst(const Forest::Info& forest) const {
  if (features.size() != forest.features) {
    return Wrong(fmt::format("it has {} features, the model has {}", features.size(), forest.features));
  }
  if (task == Task::kRegression) return {};
  if (forest.groups > 1 && forest.link != Link::kSoftmax) return Wrong(fmt::format("{} is no classification", forest.objective));
  const std::size_t wanted = forest.link == Link::kSoftmax ? forest.groups : 2;
  if (classes.size() != wanted) return Wrong(fmt::format("it has {} classes, the model has {}", classes.size(), wanted));
  return {};
}

Result<ModelSchema> SchemaOf(const Forest::Info& forest) {
  const auto found = std::find_if(forest.attributes.begin(), forest.attributes.end(),
                                  [](const auto& attribute) { return attribute.first == kSchemaAttribute; });
  if (found != forest.attributes.end()) {
    Result<Json> json = Json::Parse(found->second);
    if (!json) return std::move(json).error().With("cannot read model schema");
    TRY(ModelSchema schema, ModelSchema::FromJson(*json));
    TRYV(schema.CheckAgainst(forest));
    return schema;
  }
  ModelSchema schema;
  const bool binary = forest.groups == 1 && (forest.link == Link::kSigmoid || forest.link == Link::kStep) &&
                      forest.objective.starts_with("binary:");
  if (binary || forest.link == Link::kSoftmax) {
    schema.task = Task::kClassification;
    for (std::size_t i = 0; i < (binary ? 2 : forest.groups); ++i) schema.classes.push_back(std::to_string(i));
    if (schema.classes.size() == 2) schema.positive = schema.classes[1];
  }
  for (std::size_t i = 0; i < forest.features; ++i) schema.features.push_back(DerivedFeature(forest, i));
  std::unordered_set<std::string_view> names;
  for (const Feature& feature : schema.features) {
    if (!names.insert(feature.name).second) return Wrong(fmt::format("two features are called '{}'", feature.name));
    std::unordered_set<std::string_view> words(feature.categories.begin(), feature.categories.end());
    if (words.size() != feature.categories.size()) return Wrong(fmt::format("feature '{}' has a category twice", feature.name));
  }
  return schema;
}

}  // namespace mlean::infer

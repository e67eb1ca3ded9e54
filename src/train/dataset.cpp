#include "train/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "train/labels.hpp"

namespace mlean::train {

namespace {

using types::Column;
using types::Kind;

constexpr float kMissingValue = std::numeric_limits<float>::quiet_NaN();

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<std::vector<const Column*>> ChooseFeatures(const types::Frame& frame, const TrainSpec& spec) {
  std::vector<const Column*> chosen;
  if (spec.features.empty()) {
    for (const Column& column : frame.columns) {
      const bool out = column.name == spec.label || (!spec.weight.empty() && column.name == spec.weight) ||
                       column.kind == Kind::kTime || Contains(spec.exclude, column.name);
      if (!out) chosen.push_back(&column);
    }
  }
  for (const std::string& name : spec.features) {
    TRY(const Column* column, FindColumn(frame, name));
    if (name == spec.label) return CannotTrain(name, "the label cannot be a feature");
    if (column->kind == Kind::kTime) {
      return Fail(Code::kUnsupported,
                  fmt::format("cannot train on column '{}': a time only grows, so splits on it say nothing about tomorrow", name),
                  "take its hour, weekday or an age as features in the feature query");
    }
    chosen.push_back(column);
  }
  if (chosen.empty()) return Fail(Code::kInvalid, "cannot train: there is no feature column");
  return chosen;
}

// Words with enough rows, sorted.
std::vector<std::string> Vocabulary(const Column& column, std::int64_t min_count) {
  std::vector<std::int64_t> counts(column.words.size(), 0);
  for (const std::int32_t code : column.codes) {
    if (code != types::kMissingCode) ++counts[static_cast<std::size_t>(code)];
  }
  std::vector<std::string> words;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0 && counts[i] >= min_count) words.push_back(column.words[i]);
  }
  std::sort(words.begin(), words.end());
  return words;
}

bool IsConstant(const Column& column) {
  for (std::size_t row = 1; row < column.size(); ++row) {
    if (column.Missing(row) != column.Missing(0)) return false;
    if (column.Missing(row)) continue;
    if (column.kind == Kind::kText ? column.codes[row] != column.codes[0] : column.Number(row) != column.Number(0)) return false;
  }
  return true;
}

// float index of every word of this frame's column; NaN for words outside the vocabulary.
std::vector<float> CodesByWord(const Column& column, const FeatureSpec& feature) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < feature.categories.size(); ++i) index.emplace(feature.categories[i], i);
  std::vector<float> codes;
  for (const std::string& word : column.words) {
    const auto found = index.find(word);
    codes.push_back(found == index.end() ? kMissingValue : static_cast<float>(found->second));
  }
  return codes;
}

Result<void> FillTexts(const Column& column, const FeatureSpec& feature, std::size_t stride, float* out, std::size_t& unknown) {
  if (column.kind != Kind::kText) {
    return CannotTrain(feature.name, fmt::format("it is text in the training rows and {} here", types::KindName(column.kind)));
  }
  const std::vector<float> codes = CodesByWord(column, feature);
  for (std::size_t row = 0; row < column.size(); ++row, out += stride) {
    if (column.Missing(row)) continue;
    *out = codes[static_cast<std::size_t>(column.codes[row])];
    unknown += std::isnan(*out) ? 1 : 0;
  }
  return {};
}

Result<void> FillNumbers(const Column& column, const FeatureSpec& feature, std::size_t stride, float* out) {
  if (column.kind == Kind::kText || column.kind == Kind::kTime) {
    return CannotTrain(feature.name, fmt::format("it is {} in the training rows and {} here", types::KindName(feature.kind),
                                                 types::KindName(column.kind)));
  }
  for (std::size_t row = 0; row < column.size(); ++row, out += stride) {
    const auto value = static_cast<float>(column.Number(row));
    if (std::isinf(value)) {
      return CannotTrain(feature.name, fmt::format("the value of row {} is infinite", row),
                         "make it missing in the feature query");
    }
    *out = value;
  }
  return {};
}

Result<std::vector<float>> EncodeWeights(const types::Frame& frame, const std::string& name) {
  if (name.empty()) return std::vector<float>();
  TRY(const Column* column, FindColumn(frame, name));
  if (column->kind == Kind::kText || column->kind == Kind::kTime) return CannotTrain(name, "a weight must be a number");
  std::vector<float> weights;
  double sum = 0;
  for (std::size_t row = 0; row < column->size(); ++row) {
    const double value = column->Number(row);
    if (!(value >= 0) || std::isinf(static_cast<float>(value))) {
      return CannotTrain(name, fmt::format("the weight of row {} is '{}', but weights are finite and at least 0", row, value));
    }
    sum += value;
    weights.push_back(static_cast<float>(value));
  }
  if (sum == 0) return CannotTrain(name, "all weights are 0");
  return weights;
}

std::string_view SchemaKind(Kind kind) {
  switch (kind) {
    case Kind::kReal: return "number";
    case Kind::kInt: return "integer";
    case Kind::kBool: return "boolean";
    case Kind::kText: return "category";
    case Kind::kTime: break;
  }
  return "number";
}

}  // namespace

std::vector<std::string> Plan::FeatureNames() const {
  std::vector<std::string> names;
  for (const FeatureSpec& feature : features) names.push_back(feature.name);
  return names;
}

std::vector<std::string> Plan::FeatureTypes() const {
  std::vector<std::string> types;
  for (const FeatureSpec& feature : features) {
    types.emplace_back(feature.kind == Kind::kText   ? "c"
                       : feature.kind == Kind::kBool ? "i"
                       : feature.kind == Kind::kInt  ? "int"
                                                     : "float");
  }
  return types;
}

std::string Plan::SchemaJson(const TrainSpec& spec) const {
  using codec::Json;
  const bool classifies = spec.task == Task::kClassification;
  Json schema = Json::Object{{"version", 1}, {"task", classifies ? "classification" : "regression"}, {"label", spec.label}};
  if (classifies) schema.Set("classes", Json::Array(classes.begin(), classes.end()));
  if (classes.size() == 2) {
    schema.Set("positive", classes[1]);
    schema.Set("threshold", spec.threshold);
  }
  schema.Set("unknown_category", spec.unknown_category == UnknownCategory::kError ? "error" : "missing");
  schema.Set("missing", "allow");
  Json::Array list;
  for (const FeatureSpec& feature : features) {
    Json item = Json::Object{{"name", feature.name}, {"kind", SchemaKind(feature.kind)}};
    if (feature.kind == Kind::kText) item.Set("categories", Json::Array(feature.categories.begin(), feature.categories.end()));
    item.Set("required", true);
    list.push_back(std::move(item));
  }
  schema.Set("features", std::move(list));
  return schema.Dump();
}

Result<Plan> MakePlan(const types::Frame& train, const TrainSpec& spec) {
  if (train.rows() == 0) {
    return Fail(Code::kInvalid, "cannot train: there are no training rows", "look at what the feature query selects");
  }
  TRY(const Column* label, FindColumn(train, spec.label));
  TRYV(CheckLabels(*label, spec.task, "training"));
  Plan plan;
  TRY(plan.classes, ClassesOf(*label, spec));
  TRY(const std::vector<const Column*> columns, ChooseFeatures(train, spec));
  std::set<std::string_view> seen;
  for (const Column* column : columns) {
    if (!seen.insert(column->name).second) return CannotTrain(column->name, "it is listed twice");
    if (column->size() != train.rows()) return CannotTrain(column->name, "it is not as long as the others");
    FeatureSpec feature{.name = column->name, .kind = column->kind};
    if (column->kind == Kind::kText) {
      feature.categories = Vocabulary(*column, spec.min_category_count);
      if (feature.categories.size() > spec.max_categories) {
        return Fail(Code::kTooLarge,
                    fmt::format("cannot train on column '{}': it has {} different texts, the limit is {}", column->name,
                                HumanCount(feature.categories.size()), HumanCount(spec.max_categories)),
                    "exclude it, or raise min_category_count");
      }
      if (feature.categories.empty()) {
        plan.warnings.push_back(fmt::format("column '{}' is left out: no text occurs in {} rows or more", column->name,
                                            std::max<std::int64_t>(spec.min_category_count, 1)));
        continue;
      }
    }
    if (IsConstant(*column)) plan.warnings.push_back(fmt::format("column '{}' is constant: it teaches nothing", column->name));
    plan.features.push_back(std::move(feature));
  }
  if (plan.features.empty()) return Fail(Code::kInvalid, "cannot train: no feature column has values");
  return plan;
}

Result<Dataset> Encode(const types::Frame& frame, Plan& plan, const TrainSpec& spec, std::string_view part) {
  Dataset data{.rows = frame.rows()};
  const std::size_t stride = plan.features.size();
  data.values.assign(data.rows * stride, kMissingValue);
  for (std::size_t i = 0; i < stride; ++i) {
    const FeatureSpec& feature = plan.features[i];
    TRY(const Column* column, FindColumn(frame, feature.name));
    if (column->size() != data.rows) return CannotTrain(feature.name, "it is not as long as the others");
    if (feature.kind != Kind::kText) {
      TRYV(FillNumbers(*column, feature, stride, data.values.data() + i));
      continue;
    }
    std::size_t unknown = 0;
    TRYV(FillTexts(*column, feature, stride, data.values.data() + i, unknown));
    if (unknown > 0) {
      plan.warnings.push_back(fmt::format("column '{}': {} {} rows hold rare or unknown texts and count as missing", feature.name,
                                          HumanCount(unknown), part));
    }
  }
  TRY(const Column* label, FindColumn(frame, spec.label));
  TRYV(CheckLabels(*label, spec.task, part));
  TRY(data.labels, EncodeLabels(*label, plan.classes, part));
  TRY(data.weights, EncodeWeights(frame, spec.weight));
  return data;
}

}  // namespace mlean::train

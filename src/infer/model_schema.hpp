// ModelSchema: what turns named columns into the numbers a model expects, and its outputs into labels.
//
// It travels inside the model file, as JSON text in the booster attribute kSchemaAttribute, so one .ubj file carries everything
// and Python's xgboost still loads it. A file without the attribute gets a schema derived from its feature names and types.
//
//   {"version": 1, "task": "classification", "label": "late", "classes": ["no", "yes"], "positive": "yes", "threshold": 0.5,
//    "unknown_category": "missing", "missing": "allow",
//    "features": [{"name": "hour", "kind": "integer", "required": true},
//                 {"name": "carrier", "kind": "category", "categories": ["AA", "UA"], "required": true}]}
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "infer/forest.hpp"

namespace mlean::infer {

constexpr std::string_view kSchemaAttribute = "mlean.schema";

enum class Task : std::uint8_t { kClassification, kRegression };

// How a value becomes a float:
enum class FeatureKind : std::uint8_t {
  kNumber,    // as it is
  kInteger,   // must be whole
  kBoolean,   // false 0, true 1
  kCategory,  // its index in `categories`; with no categories: the code itself, a whole number >= 0
  kTime,      // milliseconds since 1970 UTC (float32: steps of about two minutes today)
};

enum class UnknownCategory : std::uint8_t { kMissing, kError };
enum class MissingValue : std::uint8_t { kAllow, kError };

struct Feature {
  std::string name;
  FeatureKind kind = FeatureKind::kNumber;
  std::vector<std::string> categories;  // distinct; index = code
  bool required = true;                 // an absent column is an error; else it counts as a missing value

  friend bool operator==(const Feature&, const Feature&) = default;
};

struct ModelSchema {
  Task task = Task::kRegression;
  std::string label;                 // name of the predicted column; may be empty
  std::vector<std::string> classes;  // classification: index = class number; two for binary models
  std::string positive;              // binary: the class whose probability is answered; the model's output is that of classes[1]
  double threshold = 0.5;            // binary: positive if probability >= threshold
  UnknownCategory unknown_category = UnknownCategory::kMissing;
  MissingValue missing = MissingValue::kAllow;
  std::vector<Feature> features;

  friend bool operator==(const ModelSchema&, const ModelSchema&) = default;

  codec::Json ToJson() const;
  // Checks everything that can be checked without the model: version, names distinct, categories distinct, classes, positive.
  // Errors: kInvalid "cannot read model schema: feature 3: 'kind' must be one of number, integer, boolean, category, time".
  static Result<ModelSchema> FromJson(const codec::Json& json);
  // Also that it fits the forest: number of features, and classes against groups.
  Result<void> CheckAgainst(const Forest::Info& forest) const;
};

// The file's own schema if it has the attribute, else a derived one: names as in the file or f0, f1 …; "c" becomes a category
// (with the file's vocabulary, if it has one), "int" an integer, "i" a boolean, others numbers; classes "0", "1" ….
Result<ModelSchema> SchemaOf(const Forest::Info& forest);

std::string_view TaskName(Task task);                // "classification" "regression"
std::string_view FeatureKindName(FeatureKind kind);  // "number" "integer" "boolean" "category" "time"

}  // namespace mlean::infer

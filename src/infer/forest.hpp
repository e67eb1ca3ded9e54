// Forest: a native evaluator of XGBoost models (JSON and UBJ files of 1.7 to 3.2; gbtree, dart, gblinear).
//
// A Forest is immutable after loading: any number of threads may predict with one at once, without locks. Everything in the
// file is checked before the first prediction (indexes, cycles, counts, sizes, NaN), so a hostile file gives an Error, never a
// crash: "cannot load model 'x.ubj': tree 3: left child 99 is past the end" (kCorrupt; kTooLarge over a limit below;
// kUnsupported for what is known but not evaluated here, such as trees with vector leaves).
//
// Margins are bit-equal to libxgboost's `Booster.predict(DMatrix, output_margin=True)`: float32 throughout, starting from the
// base margin and adding leaves in tree order; left if x < threshold; NaN is missing and takes the node's default; a category
// goes right if it is in the node's set. (reference/serving.md 6.2, 6.3, 10.) dart adds leaf * weight, as predict does.
//
//   TRY(const Forest forest, Forest::Load("model.ubj"));
//   std::vector<float> margins(rows * forest.groups());
//   forest.PredictMargins(matrix, rows, margins);
//   forest.ApplyLink(margins);                             // margins become probabilities, counts …
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::infer {

// From margin to output.
enum class Link : std::uint8_t {
  kIdentity,  // reg:squarederror, quantiles, rank, binary:logitraw …
  kSigmoid,   // binary:logistic, reg:logistic
  kSoftmax,   // multi:softprob, multi:softmax (XGBoost itself answers the class number for the latter: take the largest)
  kExp,       // count:poisson, reg:gamma, reg:tweedie, survival:cox, survival:aft
  kStep,      // binary:hinge: 1 if the margin is over 0, else 0
};

struct ForestOptions {
  std::size_t max_bytes = std::size_t{1} << 30;  // larger files are refused (kTooLarge)
  // False: all trees count, as Booster.predict does. True: only those up to the attribute best_iteration, as XGBoost's sklearn
  // wrapper does; without the attribute all.
  bool use_best_iteration = false;
};

class Forest {
 public:
  static constexpr std::size_t kMaxFeatures = 1'000'000;
  static constexpr std::size_t kMaxGroups = 10'000;

  // Everything known about the model but its trees.
  struct Info {
    std::size_t features = 0;
    std::size_t groups = 1;  // margins a row: classes, targets or 1
    std::size_t trees = 0;   // evaluated trees
    std::string booster;     // "gbtree", "dart", "gblinear"
    std::string objective;   // "binary:logistic" …
    Link link = Link::kIdentity;
    std::vector<float> base_margins;         // [groups], margin space
    std::vector<std::string> feature_names;  // [features], or empty
    std::vector<std::string> feature_types;  // [features] of "float" "q" "int" "i" "c" …, or empty
    // [features] or empty: per feature the category names that XGBoost >= 3.1 keeps in the file, by code; none where they
    // cannot be trusted (not ASCII, by a version before 3.4, which cuts them in wrong places).
    std::vector<std::vector<std::string>> categories;
    std::vector<std::pair<std::string, std::string>> attributes;  // learner.attributes, in the file's order
    std::optional<std::int64_t> best_iteration;                   // the attribute, if it is a number
    int version[3] = {0, 0, 0};                                   // of the XGBoost that wrote the file
    int max_depth = 0;                                            // edges on the longest path of any tree
  };

  static Result<Forest> Load(const std::string& path, const ForestOptions& options = {});
  // `name` is for error texts. The bytes are not kept.
  static Result<Forest> Parse(std::string_view bytes, std::string_view name, const ForestOptions& options = {});

  Forest(Forest&&) noexcept;
  Forest& operator=(Forest&&) noexcept;
  ~Forest();

  const Info& info() const;
  std::size_t features() const { return info().features; }
  std::size_t groups() const { return info().groups; }
  // The attribute's value; nullptr when there is none of that name.
  const std::string* Attribute(std::string_view name) const;

  // `rows` is row-major [count][features], NaN = missing; `margins` receives [count][groups]. Other sizes are a bug of the
  // caller (CHECK_BUG). No allocation for up to kStackFeatures features; one scratch buffer above.
  void PredictMargins(std::span<const float> rows, std::size_t count, std::span<float> margins) const;
  static constexpr std::size_t kStackFeatures = 256;

  // In place on [count][groups] margins, with XGBoost's float32 formulas.
  void ApplyLink(std::span<float> margins) const;

 private:
  struct State;
  explicit Forest(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

// 1 / (1 + exp(-margin)) exactly as XGBoost computes it in float32.
float Sigmoid(float margin);

}  // namespace mlean::infer

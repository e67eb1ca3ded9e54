#include "train/params.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.hpp"

namespace mlean::train {

namespace {

struct Known {
  const char* name;
  const char* alias;  // also accepted; "" = none
};

// XGBoost 1.7's parameters for tree boosters. Left out on purpose: booster kinds other than gbtree and those that read files,
// continue models or place work on other devices.
constexpr Known kKnown[] = {
    {"alpha", "reg_alpha"},
    {"base_score", ""},
    {"booster", ""},
    {"colsample_bylevel", ""},
    {"colsample_bynode", ""},
    {"colsample_bytree", ""},
    {"disable_default_eval_metric", ""},
    {"eta", "learning_rate"},
    {"eval_metric", ""},
    {"gamma", "min_split_loss"},
    {"grow_policy", ""},
    {"huber_slope", ""},
    {"interaction_constraints", ""},
    {"lambda", "reg_lambda"},
    {"max_bin", ""},
    {"max_cat_threshold", ""},
    {"max_cat_to_onehot", ""},
    {"max_delta_step", ""},
    {"max_depth", ""},
    {"max_leaves", ""},
    {"min_child_weight", ""},
    {"monotone_constraints", ""},
    {"nthread", "n_jobs"},
    {"num_parallel_tree", ""},
    {"objective", ""},
    {"refresh_leaf", ""},
    {"sampling_method", ""},
    {"scale_pos_weight", ""},
    {"seed", "random_state"},
    {"seed_per_iteration", ""},
    {"subsample", ""},
    {"tree_method", ""},
    {"tweedie_variance_power", ""},
};

constexpr const char* kRegressionObjectives[] = {"reg:squarederror",     "reg:squaredlogerror", "reg:absoluteerror",
                                                 "reg:pseudohubererror", "reg:gamma",           "reg:tweedie",
                                                 "count:poisson"};
constexpr int kMaxThreads = 1024;

const Known* Find(const std::string& name) {
  for (const Known& known : kKnown) {
    if (name == known.name || (*known.alias != '\0' && name == known.alias)) return &known;
  }
  return nullptr;
}

Error Unknown(const std::string& name) {
  if (name == "n_estimators" || name == "num_boost_round" || name == "num_round" || name == "rounds") {
    return Fail(Code::kInvalid, fmt::format("cannot train: '{}' is no parameter of the trees", name), "set 'rounds' instead");
  }
  const std::string near = Nearest(name, KnownParams());
  return Fail(Code::kInvalid, fmt::format("cannot train: unknown parameter '{}'", name),
              near.empty() ? "one of: " + Join(KnownParams(), " ") : fmt::format("did you mean '{}'?", near));
}

Result<std::string> ObjectiveOf(const std::map<std::string, std::string>& given, std::size_t classes) {
  const std::string standard = classes == 0 ? "reg:squarederror" : classes == 2 ? "binary:logistic" : "multi:softprob";
  const auto asked = given.find("objective");
  if (asked == given.end() || asked->second == standard) return standard;
  if (classes == 0) {
    for (const char* objective : kRegressionObjectives) {
      if (asked->second == objective) return asked->second;
    }
  }
  return Fail(Code::kUnsupported,
              fmt::format("cannot train with objective '{}': it does not fit {}", asked->second,
                          classes == 0 ? std::string("a regression") : fmt::format("{} classes", classes)),
              fmt::format("leave 'objective' out to get '{}'", standard));
}

std::string DefaultMetric(const std::string& objective) {
  if (objective == "binary:logistic") return "logloss";
  if (objective == "multi:softprob") return "mlogloss";
  return objective == "reg:absoluteerror" ? "mae" : "rmse";
}

}  // namespace

const std::vector<std::string>& KnownParams() {
  static const std::vector<std::string>* const names = [] {
    auto* all = new std::vector<std::string>;
    for (const Known& known : kKnown) {
      all->emplace_back(known.name);
      if (*known.alias != '\0') all->emplace_back(known.alias);
    }
    std::sort(all->begin(), all->end());
    return all;
  }();
  return *names;
}

bool HigherIsBetter(const std::string& metric) {
  const std::string name = metric.substr(0, metric.find('@'));
  return name == "auc" || name == "aucpr" || name == "map" || name == "ndcg" || name == "pre";
}

Result<Params> ResolveParams(const TrainSpec& spec, std::size_t classes) {
  std::map<std::string, std::string> given;
  for (const auto& [name, value] : spec.params) {
    const Known* known = Find(name);
    if (known == nullptr) return Unknown(name);
    if (!given.emplace(known->name, value).second) {
      return Fail(Code::kInvalid, fmt::format("cannot train: parameter '{}' is given twice, as '{}' and as '{}'", known->name,
                                              known->name, known->alias));
    }
  }
  if (given.contains("booster") && given["booster"] != "gbtree") {
    return Fail(Code::kUnsupported, fmt::format("cannot train with booster '{}': only 'gbtree'", given["booster"]));
  }
  TRY(given["objective"], ObjectiveOf(given, classes));
  if (classes > 2) given["num_class"] = std::to_string(classes);
  given.try_emplace("tree_method", "hist");
  if (given["tree_method"] == "exact" || given["tree_method"].starts_with("gpu")) {
    return Fail(Code::kUnsupported, fmt::format("cannot train with tree_method '{}'", given["tree_method"]), "use 'hist'");
  }
  given.try_emplace("seed", "0");
  given.try_emplace("nthread", std::to_string(std::max(1u, std::thread::hardware_concurrency())));
  const std::optional<std::int64_t> threads = ParseInt(given["nthread"]);
  if (!threads || *threads < 1 || *threads > kMaxThreads) {
    return Fail(Code::kInvalid,
                fmt::format("cannot train: parameter 'nthread' must be 1 to {}, not '{}'", kMaxThreads, given["nthread"]));
  }

  Params params{.threads = static_cast<int>(*threads)};
  // Several metrics are set one by one; the last one rules.
  given.try_emplace("eval_metric", DefaultMetric(given["objective"]));
  for (const std::string& metric : Split(given["eval_metric"], ',')) {
    params.last_metric = std::string(Trim(metric));
    params.values.emplace_back("eval_metric", params.last_metric);
  }
  given.erase("eval_metric");
  params.values.insert(params.values.begin(), given.begin(), given.end());
  return params;
}

}  // namespace mlean::train

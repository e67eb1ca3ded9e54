// Checks the parameters of a TrainSpec and completes them. Room-internal.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "train/train.hpp"

namespace mlean::train {

struct Params {
  std::vector<std::pair<std::string, std::string>> values;  // canonical names, sorted; objective, seed and nthread always set
  int threads = 1;
  std::string last_metric;  // by which early stopping judges
};

// `classes` is 0 for regression. Errors: kInvalid unknown name or twice by two aliases; kUnsupported objective or booster.
Result<Params> ResolveParams(const TrainSpec& spec, std::size_t classes);
// Is more better? (auc, aucpr, map, ndcg …)
bool HigherIsBetter(const std::string& metric);

}  // namespace mlean::train

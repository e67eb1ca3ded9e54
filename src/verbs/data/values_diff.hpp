// What `metrics diff` and `params diff` have in common: options, and the result as table or JSON.
#pragma once

#include "flows/data/metric_values.hpp"
#include "metrics/diff_values.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> ValuesDiffOptions(const char* files);
flows::ValuesDiffRequest ReadValuesDiff(const Arguments& arguments);
// `options`: title, columns and precision; names and style are set from the arguments.
Result<int> PrintValuesDiff(const flows::ValuesToCompare& sides, const Arguments& arguments, const Context& context,
                            metrics::DiffOptions options);

}  // namespace mlean::verbs

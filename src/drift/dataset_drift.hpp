// Drift of a whole data set: every column, and whether the share of drifted columns reaches the limit.
//
// EvidentlyOptions() gives Evidently's verdicts exactly. RobustOptions() is our default: columns with few rows give no verdict,
// and p-values are corrected for the number of columns tested (Benjamini-Hochberg), because at p < 0.05 one column in twenty
// "drifts" by chance.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "drift/column_drift.hpp"
#include "drift/reference_profile.hpp"
#include "types/frame.hpp"

namespace mlean::drift {

// A setting for one column beats the one for its type, which beats the general one. The general `method` goes to the columns
// whose type it fits; the others keep their default choice (a method set for a type or a column that does not fit is an error).
struct DatasetOptions {
  std::vector<std::string> columns;  // empty = all of the reference but times; named ones must exist on both sides
  std::vector<std::string> first;    // listed first, in this order (target, prediction)
  std::map<std::string, ColumnType> types;
  std::map<std::string, Method> column_methods;
  std::map<std::string, double> column_thresholds;
  std::optional<Method> method;
  std::optional<Method> num_method;
  std::optional<Method> cat_method;
  std::optional<double> threshold;
  std::optional<double> num_threshold;
  std::optional<double> cat_threshold;
  double share = 0.5;            // data set drifts when drifted / columns >= share
  std::size_t min_rows = 1;      // a column with fewer kept rows on a side is not judged
  bool false_discovery = false;  // Benjamini-Hochberg over the columns judged by p-values
  unsigned threads = 0;          // 0 = one per core, at most 8
};
DatasetOptions EvidentlyOptions();
DatasetOptions RobustOptions();  // min_rows 100, false_discovery

struct DatasetDrift {
  std::vector<ColumnDrift> columns;  // `first`, then numeric, then categorical, each by name
  std::vector<std::string> missing;  // in the reference, not in the current data
  std::size_t judged = 0;            // columns with a verdict
  std::size_t drifted = 0;
  double share = 0;  // drifted / columns.size(); 0 without columns
  double share_limit = 0.5;
  bool dataset_drift = false;
  std::size_t reference_rows = 0;
  std::size_t current_rows = 0;
};

// Errors: kNotFound a named column, kInvalid a method that does not fit its column, kUsage a setting for a column that is not
// compared.
Result<DatasetDrift> CompareFrames(const types::Frame& reference, const types::Frame& current,
                                   const DatasetOptions& options = {});
// The same with prepared sides; types are the profiles' own.
Result<DatasetDrift> CompareProfiles(const Profile& reference, const Profile& current, const DatasetOptions& options = {});

}  // namespace mlean::drift

// Drift between two data files: what `mlean drift` does. Reads both, decides which columns are compared and as what, and hands
// them to drift::CompareFrames.
//
//   TRY(const DataDrift result, CompareData({.reference = "june.csv", .current = "july.csv"}));
//
// Convention decides the types of columns and the verdicts. CSV is always typed as pandas.read_csv types it (dates stay text).
//   kOwn       numbers numeric, text and bools categorical, times left out; drift::RobustOptions
//   kLegacy    the same types; Evidently 0.6's verdicts, and its rules for target and prediction
//   (evidently.utils.data_operations) kEvidently types as Evidently 0.7 finds them in the current data: whole numbers with at
//   most 10 distinct values are
//              categorical; text whose values are distinct in over half of the rows is free text and left out (see `left_out`);
//              target, prediction and task have no influence
// In the two conventions of Evidently a column that the current data lacks or that has no value on one side is an error, as
// there; in our own it is reported (`missing`, verdict not_enough_data).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "drift/dataset_drift.hpp"
#include "types/frame.hpp"

namespace mlean::flows {

enum class DriftConvention : std::uint8_t { kOwn, kLegacy, kEvidently };

struct DriftQuery {
  std::filesystem::path reference;  // file, folder or glob
  std::filesystem::path current;
  DriftConvention convention = DriftConvention::kOwn;
  std::vector<std::string> columns;      // only these, in this order; empty: all
  std::string target;                    // listed first; empty: none
  std::string prediction;                // listed second
  std::string task;                      // "regression", "classification"; empty: from the target
  std::vector<std::string> numerical;    // replaces the list of numeric columns that would be found
  std::vector<std::string> categorical;  // the same for categorical ones; takes whole numbers away from the numeric ones
  drift::DatasetOptions settings;        // methods, thresholds and share; the other members are set by CompareData
};

struct DataDrift {
  DriftQuery query;                   // as asked
  drift::DatasetDrift drift;          // columns in the order of the convention
  std::vector<std::string> left_out;  // columns not compared: free text (kEvidently)
  // As pandas has the column, by name: a whole number with gaps is real, a column without any value too.
  std::map<std::string, types::Kind> reference_kinds;
  std::map<std::string, types::Kind> current_kinds;
};

// Errors: those of ReadAsPandas; kNotFound for a named column; kUsage for settings that contradict each other or name a
// column that is not compared; kInvalid for a side without rows and for a column that cannot be
// compared.
Result<DataDrift> CompareData(const DriftQuery& query);

// The same with tables in memory; the paths are only for messages.
Result<DataDrift> CompareTables(const types::Frame& reference, const types::Frame& current, const DriftQuery& query);

}  // namespace mlean::flows

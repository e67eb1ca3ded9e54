// A drift comparison as text for programs: Evidently's two JSON shapes, our own, JUnit XML, and a table for people.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "codec/json.hpp"
#include "flows/compare_data.hpp"

namespace mlean::flows {

// {reference, current, dataset_drift, share, share_limit, drifted, judged, missing, columns[{name, type, method, display, score,
// adjusted_p, threshold, verdict, reference, current, new_categories, picture}]}; absent: a score that there is none of.
codec::Json OwnDriftJson(const DataDrift& result);

// Evidently 0.6's Report.json() of a DataDriftPreset. As there, DataDriftTable's own `dataset_drift` uses the share 0.5 whatever
// share was asked for.
codec::Json LegacyDriftJson(const DataDrift& result, TimeMs now);

// Evidently 0.7's Snapshot.json(): DriftedColumnsCount and one ValueDrift per column. The ids are stable and distinct, but not
// Evidently's hashes. `tests` is empty, as without include_tests.
codec::Json EvidentlyDriftJson(const DataDrift& result);

// One test case for the data set and one per column; a drifted column is a failure, one without verdict is skipped.
std::string DriftJunit(const DataDrift& result, TimeMs now);

// A verdict line and a table, the strongest drift first.
std::string DriftText(const DataDrift& result);

// Positions of the columns for people: target and prediction first, then by how far the score is beyond its threshold; columns
// without verdict last.
std::vector<std::size_t> DriftReadingOrder(const DataDrift& result);
std::string DriftSentence(const drift::ColumnDrift& column);  // "K-S p_value 0.0012, drifted at 0.05"
std::string DatasetSentence(const DataDrift& result);         // "3 of 8 columns drifted, a share of 0.375; the limit is 0.5"

}  // namespace mlean::flows

// Suggest: a first suite from the data itself: columns, row-count band, not-null, ranges with slack, value sets of text with few
// values, uniqueness of key columns. Each expectation says in `meta.notes` why it was proposed; a person should prune the list.
#pragma once

#include <string>

#include "base/result.hpp"
#include "check/suite.hpp"
#include "check/table_source.hpp"

namespace mlean::check {

struct SuggestOptions {
  std::string name = "suggested";
  double row_count_slack = 0.5;   // band = rows * (1 ± slack)
  double range_slack = 0.1;       // of max - min, at either end; a bound never crosses zero by slack alone
  std::size_t max_set_size = 20;  // distinct values of a text column worth a value set
  std::size_t max_columns = 500;  // further columns get only schema expectations
};

// One aggregate pass, plus one small query per text column with few values. The data pass the suite they gave.
Result<Suite> SuggestFrom(TableSource& source, const SuggestOptions& options = {});

}  // namespace mlean::check

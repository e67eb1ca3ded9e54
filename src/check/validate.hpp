// Validate: runs a suite over a table. All expectations that can be are answered by one aggregate SELECT (one pass over the
// columns they name); those that fail then fetch a bounded sample of the offending values.
//
// An expectation never makes Validate fail: a missing column, a wrong type or an engine error is recorded in that
// expectation's `exception` with success false, as Great Expectations does. Validate itself fails only when the table cannot
// be read at all.
//
// Semantics are those of Great Expectations 1.x on pandas (checked by tests against the real package): rows outside
// row_condition do not exist; nulls and NaN are missing; a map expectation succeeds when (nonnull - unexpected) / nonnull >=
// mostly, and vacuously when nothing is left to check (`vacuous` is set then).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/suite.hpp"
#include "check/table_source.hpp"
#include "codec/json.hpp"

namespace mlean::check {

enum class ResultFormat : std::uint8_t { kBooleanOnly, kBasic, kSummary, kComplete };
Result<ResultFormat> ParseResultFormat(std::string_view name);  // "BOOLEAN_ONLY" …, any case

struct ValidateOptions {
  ResultFormat result_format = ResultFormat::kSummary;
  std::size_t partial_unexpected_count = 20;
  std::size_t complete_limit = 100'000;  // most values in the lists of kComplete
};

// How an expectation's numbers are laid out in reports.
enum class Shape : std::uint8_t {
  kMap,        // counts of values: element, missing, unexpected, sample
  kMapAll,     // the same without missing (to_be_null, to_not_be_null)
  kAggregate,  // observed_value and details
};

struct ItemResult {
  Expectation expectation;
  bool success = false;
  bool vacuous = false;   // passed because there was nothing to check
  std::string exception;  // empty, or why it could not be evaluated

  Shape shape = Shape::kAggregate;
  std::int64_t element_count = 0;  // kMap, kMapAll: rows after row_condition
  std::int64_t missing_count = 0;
  std::int64_t unexpected_count = 0;
  std::vector<codec::Json> unexpected;        // first values in row order (20, or up to complete_limit for kComplete)
  std::vector<std::int64_t> unexpected_rows;  // their row numbers from 0, for kSummary and kComplete
  codec::Json observed;                       // kAggregate; null when the result has none
  bool has_observed = false;
  codec::Json::Object more;  // further members of GE's `result`: details, partial_missing_list …
};

struct SuiteResult {
  std::string suite_name;
  codec::Json parameters;
  bool success = false;               // every expectation succeeded (as in GE, whatever its severity)
  std::vector<ItemResult> items;      // in the suite's order
  std::vector<std::string> warnings;  // vacuous passes, in words
  std::int64_t rows = 0;

  std::size_t Passed() const;
  // Fails among expectations of severity critical: what a gate looks at when it lets warnings pass.
  bool CriticalFailure() const;
};

Result<SuiteResult> Validate(const Suite& suite, TableSource& source, const ValidateOptions& options = {});

}  // namespace mlean::check

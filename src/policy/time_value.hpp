// Text forms and fields of durations and timestamps, as CEL defines them (RFC 3339 timestamps, Go's durations).
// Errors are causes without a "cannot …" in front: the evaluator adds the expression.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "policy/value.hpp"

namespace mlean::policy {

// "1h30m", "-1.5h", "100ms", "0": runs of number and unit h m s ms us ns; d and w too with `long_units`.
Result<Duration> ParseDurationValue(std::string_view text, bool long_units = false);
// "2013-01-01T00:00:00Z", with fraction and offset; years 0001 to 9999.
Result<Timestamp> ParseTimestamp(std::string_view text);

std::string FormatDurationValue(Duration duration);  // "1h30m", "250ms", "-1.5s", "0s": for people
std::string DurationSeconds(Duration duration);      // "5400s", "0.25s": CEL's string(duration)
std::string FormatTimestamp(Timestamp time);         // RFC 3339 UTC, with as many digits of the fraction as needed

bool InRange(Timestamp time);  // within years 0001 to 9999
Result<Timestamp> AddTime(Timestamp time, Duration by, bool subtract);
Result<Duration> TimeBetween(Timestamp from, Timestamp to);  // to - from

enum class TimeField : std::uint8_t {
  kFullYear,
  kMonth /* 0 … 11 */,
  kDate /* 1 … 31 */,
  kDayOfMonth /* 0 … 30 */,
  kDayOfWeek /* 0 = Sunday */,
  kDayOfYear /* 0 … 365 */,
  kHours,
  kMinutes,
  kSeconds,
  kMilliseconds,
};
// `zone` is "" or "UTC" or "[+-]hh:mm".
Result<std::int64_t> FieldOf(Timestamp time, TimeField field, std::string_view zone);
// Whole hours, minutes or seconds of the duration, or the milliseconds within its second; other fields are an error.
Result<std::int64_t> FieldOf(Duration duration, TimeField field);

}  // namespace mlean::policy

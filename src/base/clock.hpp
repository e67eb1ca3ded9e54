// Clock: where every wall time in the program comes from, passed in so that tests and the demo can turn it.
// Times are milliseconds since 1970-01-01 UTC. Durations that only measure speed use std::chrono::steady_clock directly.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean {

using TimeMs = std::int64_t;

// Thread-safe. Never goes backwards by more than the machine's own clock does.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeMs Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimeMs Now() const override;
};

// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimeMs start) : now_(start) {}
  TimeMs Now() const override { return now_.load(std::memory_order_acquire); }
  void Set(TimeMs now) { now_.store(now, std::memory_order_release); }
  void Advance(TimeMs by) { now_.fetch_add(by, std::memory_order_acq_rel); }

 private:
  std::atomic<TimeMs> now_;
};

// "2013-04-01T12:00:00.000Z"
std::string FormatTime(TimeMs time);
// "2013-04-01"
std::string FormatDate(TimeMs time);
// Accepts "2013-04-01", "2013-04-01 12:30[:15[.123]]", 'T' as separator, an optional 'Z' or +hh:mm; no zone means UTC.
Result<TimeMs> ParseTime(std::string_view text);
// "90s" "10m" "6h" "1d" "2w", also "250ms"; a bare number is refused. Milliseconds.
Result<std::int64_t> ParseDuration(std::string_view text);
// "10m", "1d12h", "250ms": the shortest text that ParseDuration reads back for whole units.
std::string FormatDuration(std::int64_t ms);

struct CivilDate {
  int year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
};
// Days since 1970-01-01, proleptic Gregorian calendar.
std::int64_t DaysFromCivil(CivilDate date);
CivilDate CivilFromDays(std::int64_t days);

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

}  // namespace mlean

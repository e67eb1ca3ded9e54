// Cron: when a schedule fires. Times are UTC, or a fixed offset from it; named time zones are not supported yet and are refused.
//
// Five fields "minute hour day-of-month month day-of-week", a sixth for seconds (last, as croniter has it) and a seventh for
// years 1970–2099; or @hourly @daily @midnight @weekly @monthly @quarterly @yearly @annually, or "@every 90m" (multiples of the
// duration since 1970). In a field: * ? N A-B A-B/S */S A/S lists with commas, wrapping ranges (22-2), names (JAN, mon), Sunday
// as 0 or 7, L (last day), 15W (nearest weekday in the month), 5#2 (second Friday), L5 (last Friday), H, H/S and H(A-B) (a fixed
// value by hash of `hash_id`, to spread load). Day of month and day of week both restricted: either matches (Vixie's rule: a
// field that begins with * is unrestricted). An expression that can never fire ("0 0 31 2 *") is refused when parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace mlean::sched {

struct CronOptions {
  std::string hash_id = {};  // what H hashes: the schedule's name
  bool day_or = true;        // false: day of month AND day of week
  int offset_minutes = 0;    // the fields are read in UTC + offset; -14 h … +14 h
};

class Cron {
 public:
  // kInvalid "cannot read cron expression 'x': …".
  static Result<Cron> Parse(std::string_view expression, const CronOptions& options = {});
  // The first fire time after `after`; nothing when the years are used up. Whole seconds. Searches 50 years at most.
  std::optional<TimeMs> Next(TimeMs after) const;
  // The next `count` fire times.
  std::vector<TimeMs> NextTimes(TimeMs after, int count) const;

 private:
  struct DayRules {  // the day fields' special forms
    bool last_day = false;
    std::uint32_t nearest_weekday = 0;  // bit d: dW
    std::uint8_t nth[7] = {};           // per weekday, bit n: w#n
    std::uint8_t last_of_weekday = 0;   // bit w: Lw
  };
  bool DayMatches(int year, int month, int day) const;
  // The first matching second of a day at or after `from`.
  std::optional<int> NextInDay(int from) const;
  Result<void> ReadDays(std::string_view field);
  Result<void> ReadWeekdays(std::string_view field);

  std::uint64_t seconds_ = 1;
  std::uint64_t minutes_ = 0;
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;      // bits 1…31
  std::uint32_t months_ = 0;    // bits 1…12
  std::uint32_t weekdays_ = 0;  // bits 0…6, Sunday 0
  std::vector<bool> years_;     // by year; empty: all
  DayRules rules_;
  bool any_day_ = true;
  bool any_weekday_ = true;
  CronOptions options_;
  std::int64_t every_ms_ = 0;  // @every
};

// "UTC", "Z", "+02:00", "-05:30" in minutes. Any other zone: kUnsupported, and says that only UTC and fixed offsets are.
Result<int> ParseZone(std::string_view zone);

}  // namespace mlean::sched

#include "sched/cron.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sched/cron_field.hpp"

namespace mlean::sched {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr FieldSpec kSecond{.name = "second"};
constexpr FieldSpec kMinute{.name = "minute"};
constexpr FieldSpec kHour{.name = "hour", .high = 23};
constexpr FieldSpec kDay{.name = "day of month", .low = 1, .high = 31, .hash_high = 28};
constexpr FieldSpec kMonth{.name = "month", .low = 1, .high = 12, .names = kMonths, .names_from = 1};
constexpr FieldSpec kWeekday{.name = "day of week", .high = 6, .names = kWeekdays, .wrap_alias = 7};
constexpr FieldSpec kYear{.name = "year", .low = 1970, .high = 2099};

constexpr std::size_t kMaxExpression = 512;
constexpr std::int64_t kSearchDays = 50 * 366;

struct Preset {
  std::string_view name;
  std::string_view expression;
};
constexpr Preset kPresets[] = {
    {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},       {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"}, {"@quarterly", "0 0 1 */3 *"}, {"@yearly", "0 0 1 1 *"},   {"@annually", "0 0 1 1 *"},
};

Error Bad(std::string_view expression, std::string_view why) {
  return Fail(Code::kInvalid, fmt::format("cannot read cron expression '{}': {}", expression.substr(0, kMaxExpression), why));
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }
int DaysIn(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}
// 0 is Sunday; 1970-01-01 was a Thursday.
int WeekdayOf(std::int64_t day) { return static_cast<int>(((day + 4) % 7 + 7) % 7); }

// The working day nearest to day `target` of the month, staying inside it.
int NearestWeekday(int year, int month, int target) {
  const int last = DaysIn(year, month);
  const int weekday = WeekdayOf(DaysFromCivil({year, month, target}));
  if (weekday == 6) return target > 1 ? target - 1 : target + 2;
  if (weekday == 0) return target < last ? target + 1 : target - 2;
  return target;
}

// FNV alone leaves similar ids close together; murmur3's last step spreads them.
std::uint32_t HashOf(std::string_view id, std::string_view field) {
  std::uint32_t hash = Fnv1a32(fmt::format("{}/{}", id, field));
  hash = (hash ^ hash >> 16) * 0x85EBCA6BU;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35U;
  return hash ^ hash >> 16;
}

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

Result<void> Cron::ReadDays(std::string_view field) {
  std::vector<bool> allowed(32);
  const std::uint32_t hash = HashOf(options_.hash_id, kDay.name);
  for (const std::string& part : Split(field, ',')) {
    if (part == "L" || part == "l") {
      rules_.last_day = true;
    } else if (part.size() > 1 && (part.back() == 'W' || part.back() == 'w')) {
      TRY(const int day, ReadValue(part.substr(0, part.size() - 1), kDay));
      rules_.nearest_weekday |= 1U << day;
    } else {
      TRYV(ReadPart(part, kDay, hash, allowed));
    }
  }
  days_ = static_cast<std::uint32_t>(Bits(allowed));
  any_day_ = field[0] == '*' || field[0] == '?';
  return {};
}

Result<void> Cron::ReadWeekdays(std::string_view field) {
  std::vector<bool> allowed(7);
  const std::uint32_t hash = HashOf(options_.hash_id, kWeekday.name);
  for (const std::string& part : Split(field, ',')) {
    const std::size_t sharp = part.find('#');
    if (part.size() > 1 && (part[0] == 'L' || part[0] == 'l')) {
      TRY(const int weekday, ReadValue(part.substr(1), kWeekday));
      rules_.last_of_weekday |= static_cast<std::uint8_t>(1U << weekday % 7);
    } else if (sharp != std::string::npos) {
      TRY(const int weekday, ReadValue(part.substr(0, sharp), kWeekday));
      const auto nth = ParseInt(part.substr(sharp + 1));
      if (!nth || *nth < 1 || *nth > 5)
        return Fail(Code::kInvalid, fmt::format("day of week '{}' is not understood: 1 to 5 after '#'", part));
      rules_.nth[weekday % 7] |= static_cast<std::uint8_t>(1U << *nth);
    } else {
      TRYV(ReadPart(part, kWeekday, hash, allowed));
    }
  }
  weekdays_ = static_cast<std::uint32_t>(Bits(allowed));
  any_weekday_ = field[0] == '*' || field[0] == '?';
  return {};
}

Result<Cron> Cron::Parse(std::string_view expression, const CronOptions& options) {
  if (expression.size() > kMaxExpression) return Bad(expression, "it is too long");
  if (options.offset_minutes < -14 * 60 || options.offset_minutes > 14 * 60)
    return Bad(expression, "the offset from UTC is over 14 hours");
  Cron cron;
  cron.options_ = options;
  std::string_view text = Trim(expression);
  if (text.starts_with("@every ")) {
    const Result<std::int64_t> every = ParseDuration(Trim(text.substr(7)));
    if (!every || *every < kSecondMs) return Bad(expression, "'@every' needs a duration of at least 1s, such as '90m'");
    cron.every_ms_ = *every;
    return cron;
  }
  if (text.starts_with("@")) {
    const auto* preset =
        std::find_if(std::begin(kPresets), std::end(kPresets), [&](const Preset& p) { return p.name == ToLower(text); });
    if (preset == std::end(kPresets)) return Bad(expression, "unknown preset");
    text = preset->expression;
  }
  const std::vector<std::string> words = Words(text);
  if (words.size() < 5 || words.size() > 7) return Bad(expression, fmt::format("it has {} fields, not 5 to 7", words.size()));
  const auto read = [&](std::size_t field, const FieldSpec& spec) -> Result<std::vector<bool>> {
    return ReadField(words[field], spec, HashOf(options.hash_id, spec.name));
  };
  const auto read_all = [&]() -> Result<void> {
    TRY(const std::vector<bool> minutes, read(0, kMinute));
    TRY(const std::vector<bool> hours, read(1, kHour));
    TRY(const std::vector<bool> months, read(3, kMonth));
    cron.minutes_ = Bits(minutes);
    cron.hours_ = static_cast<std::uint32_t>(Bits(hours));
    cron.months_ = static_cast<std::uint32_t>(Bits(months));
    TRYV(cron.ReadDays(words[2]));
    TRYV(cron.ReadWeekdays(words[4]));
    if (words.size() > 5) {
      TRY(const std::vector<bool> seconds, read(5, kSecond));
      cron.seconds_ = Bits(seconds);
    }
    if (words.size() > 6 && words[6] != "*") {
      TRY(cron.years_, read(6, kYear));
    }
    return {};
  };
  if (Result<void> done = read_all(); !done) return Bad(expression, done.error().what);
  const TimeMs start = cron.years_.empty() ? 946684800000 : -1 - options.offset_minutes * kMinuteMs;  // 2000, or 1970
  if (!cron.Next(start)) return Bad(expression, "it never fires");
  return cron;
}

bool Cron::DayMatches(int year, int month, int day) const {
  const int weekday = WeekdayOf(DaysFromCivil({year, month, day}));
  const int last = DaysIn(year, month);
  bool by_day = (days_ >> day & 1) != 0 || (rules_.last_day && day == last);
  for (int target = std::max(1, day - 2); !by_day && target <= std::min(last, day + 2); ++target) {
    by_day = (rules_.nearest_weekday >> target & 1) != 0 && NearestWeekday(year, month, target) == day;
  }
  const bool by_weekday = (weekdays_ >> weekday & 1) != 0 || (rules_.nth[weekday] >> ((day - 1) / 7 + 1) & 1) != 0 ||
                          ((rules_.last_of_weekday >> weekday & 1) != 0 && day + 7 > last);
  if (any_day_ || any_weekday_ || !options_.day_or) return by_day && by_weekday;
  return by_day || by_weekday;
}

std::optional<int> Cron::NextInDay(int from) const {
  for (int hour = from / 3600; hour < 24; ++hour) {
    if ((hours_ >> hour & 1) == 0) continue;
    for (int minute = 0; minute < 60; ++minute) {
      const int start = hour * 3600 + minute * 60;
      if ((minutes_ >> minute & 1) == 0 || start + 59 < from) continue;
      for (int second = std::max(0, from - start); second < 60; ++second) {
        if ((seconds_ >> second & 1) != 0) return start + second;
      }
    }
  }
  return std::nullopt;
}

std::optional<TimeMs> Cron::Next(TimeMs after) const {
  constexpr TimeMs kLastTime = 4102444800000;  // 2100
  if (after >= kLastTime) return std::nullopt;
  after = std::max(after, -kDayMs);
  if (every_ms_ > 0) return (FloorDiv(after, every_ms_) + 1) * every_ms_;
  const std::int64_t offset = options_.offset_minutes * std::int64_t{60};
  const std::int64_t first = FloorDiv(after, kSecondMs) + 1 + offset;
  std::int64_t day = FloorDiv(first, 86400);
  int from = static_cast<int>(first - day * 86400);
  // A field of years may lie far ahead; without one 50 years see every combination of date and weekday.
  const std::int64_t end = years_.empty() ? day + kSearchDays : DaysFromCivil({2100, 1, 1});
  while (day < end) {
    const CivilDate date = CivilFromDays(day);
    const bool year_ok =
        years_.empty() || (date.year >= 1970 && date.year <= 2099 && years_[static_cast<std::size_t>(date.year)]);
    if (!year_ok || (months_ >> date.month & 1) == 0) {
      day += DaysIn(date.year, date.month) - date.day + 1;
      from = 0;
      continue;
    }
    if (DayMatches(date.year, date.month, date.day)) {
      if (const auto second = NextInDay(from)) return (day * 86400 + *second - offset) * kSecondMs;
    }
    ++day;
    from = 0;
  }
  return std::nullopt;
}

std::vector<TimeMs> Cron::NextTimes(TimeMs after, int count) const {
  std::vector<TimeMs> out;
  for (int i = 0; i < count; ++i) {
    const auto next = Next(out.empty() ? after : out.back());
    if (!next) break;
    out.push_back(*next);
  }
  return out;
}

Result<int> ParseZone(std::string_view zone) {
  if (zone.empty() || zone == "UTC" || zone == "Z" || zone == "Etc/UTC") return 0;
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':') {
    const auto hours = ParseInt(zone.substr(1, 2));
    const auto minutes = ParseInt(zone.substr(4, 2));
    if (hours && minutes && *hours >= 0 && *hours <= 14 && *minutes >= 0 && *minutes < 60 && *hours * 60 + *minutes <= 14 * 60) {
      return static_cast<int>(*hours * 60 + *minutes) * (zone[0] == '-' ? -1 : 1);
    }
  }
  return Fail(Code::kUnsupported,
              fmt::format("cannot use time zone '{}': only 'UTC' and fixed offsets such as '+02:00' are supported", zone));
}

}  // namespace mlean::sched

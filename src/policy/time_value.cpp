#include "policy/time_value.hpp"

#include <fmt/core.h>

#include <array>
#include <limits>

#include "base/clock.hpp"

namespace mlean::policy {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

struct Unit {
  std::string_view name;
  std::int64_t ns;
  bool is_long = false;
};
constexpr std::array<Unit, 9> kUnits = {{{"w", 7 * 86400 * kNsPerSecond, true},
                                         {"d", 86400 * kNsPerSecond, true},
                                         {"h", 3600 * kNsPerSecond},
                                         {"m", 60 * kNsPerSecond},
                                         {"s", kNsPerSecond},
                                         {"ms", 1'000'000},
                                         {"us", 1'000},
                                         {"µs", 1'000},
                                         {"ns", 1}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads exactly `width` digits at the front of `text` and drops them.
std::optional<int> TakeDigits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (!IsDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// One "1.5h" at the front of `text` in ns; empty when malformed or out of range. The fraction is cut after 18 digits.
std::optional<std::int64_t> TakeAmount(std::string_view& text, bool long_units) {
  constexpr __int128 kMax = std::numeric_limits<std::int64_t>::max();
  __int128 whole = 0;
  std::size_t digits = 0;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), ++digits) {
    whole = whole * 10 + (text.front() - '0');
    if (whole > kMax) return std::nullopt;
  }
  __int128 fraction = 0;
  __int128 scale = 1;
  if (TakeChar(text, '.')) {
    for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), ++digits) {
      if (scale >= 1'000'000'000'000'000'000) continue;
      fraction = fraction * 10 + (text.front() - '0');
      scale *= 10;
    }
  }
  if (digits == 0) return std::nullopt;
  const std::size_t end = std::min(text.find_first_of("0123456789."), text.size());
  const std::string_view name = text.substr(0, end);
  for (const Unit& unit : kUnits) {
    if (unit.name != name || (unit.is_long && !long_units)) continue;
    text.remove_prefix(end);
    const __int128 ns = whole * unit.ns + fraction * unit.ns / scale;
    if (ns > kMax) return std::nullopt;
    return static_cast<std::int64_t>(ns);
  }
  return std::nullopt;
}

int DaysInMonth(int year, int month) {
  const CivilDate next = month == 12 ? CivilDate{year + 1, 1, 1} : CivilDate{year, month + 1, 1};
  return static_cast<int>(DaysFromCivil(next) - DaysFromCivil({year, month, 1}));
}

// "hh:mm" in seconds; empty when malformed.
std::optional<std::int64_t> TakeHoursMinutes(std::string_view& text) {
  const std::optional<int> hours = TakeDigits(text, 2);
  if (!hours || *hours > 23 || !TakeChar(text, ':')) return std::nullopt;
  const std::optional<int> minutes = TakeDigits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return *hours * 3600 + *minutes * 60;
}

// The fraction after the '.', as nanoseconds; further digits are dropped.
std::optional<std::int32_t> TakeNanos(std::string_view& text) {
  std::int32_t nanos = 0;
  int digits = 0;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), ++digits) {
    if (digits < 9) nanos = nanos * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

std::optional<Timestamp> ReadTimestamp(std::string_view text) {
  const std::optional<int> year = TakeDigits(text, 4);
  if (!year || *year < 1 || !TakeChar(text, '-')) return std::nullopt;
  const std::optional<int> month = TakeDigits(text, 2);
  if (!month || *month < 1 || *month > 12 || !TakeChar(text, '-')) return std::nullopt;
  const std::optional<int> day = TakeDigits(text, 2);
  if (!day || *day < 1 || *day > DaysInMonth(*year, *month)) return std::nullopt;
  if (!TakeChar(text, 'T') && !TakeChar(text, 't')) return std::nullopt;
  const std::optional<std::int64_t> in_day = TakeHoursMinutes(text);
  if (!in_day || !TakeChar(text, ':')) return std::nullopt;
  const std::optional<int> second = TakeDigits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  Timestamp out;
  out.seconds = DaysFromCivil({*year, *month, *day}) * 86400 + *in_day + *second;
  if (TakeChar(text, '.')) {
    const std::optional<std::int32_t> nanos = TakeNanos(text);
    if (!nanos) return std::nullopt;
    out.nanos = *nanos;
  }
  if (text == "Z" || text == "z") return out;
  const bool east = TakeChar(text, '+');
  if (!east && !TakeChar(text, '-')) return std::nullopt;
  const std::optional<std::int64_t> offset = TakeHoursMinutes(text);
  if (!offset || !text.empty()) return std::nullopt;
  out.seconds -= east ? *offset : -*offset;
  return out;
}

// The fraction of a second with its dot and without trailing zeros; "" for 0.
std::string Fraction(std::int64_t nanos) {
  if (nanos == 0) return "";
  std::string text = fmt::format(".{:09}", nanos);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

Error OutOfRange(std::string_view what) { return Fail(Code::kInvalid, fmt::format("{} out of range", what)); }

Result<std::int64_t> ZoneOffset(std::string_view zone) {
  if (zone.empty() || zone == "UTC" || zone == "Z") return 0;
  std::string_view text = zone;
  const bool west = TakeChar(text, '-');
  if (!west) TakeChar(text, '+');
  const std::optional<std::int64_t> offset = TakeHoursMinutes(text);
  if (!offset || !text.empty()) {
    return Fail(Code::kInvalid, fmt::format("the time zone '{}' is not 'UTC' or '+hh:mm'", zone.substr(0, 40)));
  }
  return west ? -*offset : *offset;
}

}  // namespace

Result<Duration> ParseDurationValue(std::string_view text, bool long_units) {
  const std::string_view whole = text;
  const auto bad = [&] { return Fail(Code::kInvalid, fmt::format("'{}' is not a duration", whole.substr(0, 40))); };
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  if (text == "0") return Duration{};
  if (text.empty()) return bad();
  std::int64_t total = 0;
  while (!text.empty()) {
    const std::optional<std::int64_t> amount = TakeAmount(text, long_units);
    if (!amount || __builtin_add_overflow(total, *amount, &total)) return bad();
  }
  return Duration{negative ? -total : total};
}

Result<Timestamp> ParseTimestamp(std::string_view text) {
  const std::optional<Timestamp> time = ReadTimestamp(text);
  if (!time) return Fail(Code::kInvalid, fmt::format("'{}' is not a timestamp", text.substr(0, 40)));
  if (!InRange(*time)) return OutOfRange("timestamp");
  return *time;
}

std::string FormatDurationValue(Duration duration) {
  if (duration.ns == 0) return "0s";
  // Unsigned, so that the smallest int64 has a magnitude.
  std::uint64_t rest = duration.ns < 0 ? 0 - static_cast<std::uint64_t>(duration.ns) : static_cast<std::uint64_t>(duration.ns);
  std::string out = duration.ns < 0 ? "-" : "";
  if (rest < static_cast<std::uint64_t>(kNsPerSecond)) {
    return out + fmt::format("{}{}ms", rest / 1'000'000, Fraction(static_cast<std::int64_t>(rest % 1'000'000 * 1000)));
  }
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<std::uint64_t>(unit.ns);
    if (unit.name == "w" || unit.name == "s") continue;
    if (size < static_cast<std::uint64_t>(kNsPerSecond)) break;
    if (rest >= size) out += fmt::format("{}{}", rest / size, unit.name);
    rest %= size;
  }
  if (rest > 0) out += fmt::format("{}{}s", rest / kNsPerSecond, Fraction(static_cast<std::int64_t>(rest % kNsPerSecond)));
  return out;
}

std::string DurationSeconds(Duration duration) {
  const std::int64_t nanos = duration.ns % kNsPerSecond;
  return fmt::format("{}{}{}s", duration.ns < 0 && duration.ns > -kNsPerSecond ? "-" : "", duration.ns / kNsPerSecond,
                     Fraction(nanos < 0 ? -nanos : nanos));
}

std::string FormatTimestamp(Timestamp time) {
  const std::int64_t days = time.seconds / 86400 - (time.seconds % 86400 < 0 ? 1 : 0);
  const std::int64_t in_day = time.seconds - days * 86400;
  const CivilDate date = CivilFromDays(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", date.year, date.month, date.day, in_day / 3600, in_day / 60 % 60,
                     in_day % 60, Fraction(time.nanos));
}

bool InRange(Timestamp time) {
  return time.seconds >= kFirstSecond && time.seconds <= kLastSecond && time.nanos >= 0 && time.nanos < kNsPerSecond;
}

Result<Timestamp> AddTime(Timestamp time, Duration by, bool subtract) {
  const __int128 change = subtract ? -static_cast<__int128>(by.ns) : static_cast<__int128>(by.ns);
  const __int128 total = static_cast<__int128>(time.seconds) * kNsPerSecond + time.nanos + change;
  __int128 seconds = total / kNsPerSecond;
  if (total % kNsPerSecond < 0) --seconds;
  const Timestamp out{static_cast<std::int64_t>(seconds), static_cast<std::int32_t>(total - seconds * kNsPerSecond)};
  if (!InRange(out)) return OutOfRange("timestamp");
  return out;
}

Result<Duration> TimeBetween(Timestamp from, Timestamp to) {
  const __int128 ns = (static_cast<__int128>(to.seconds) - from.seconds) * kNsPerSecond + (to.nanos - from.nanos);
  if (ns > std::numeric_limits<std::int64_t>::max() || ns < std::numeric_limits<std::int64_t>::min())
    return OutOfRange("duration");
  return Duration{static_cast<std::int64_t>(ns)};
}

Result<std::int64_t> FieldOf(Timestamp time, TimeField field, std::string_view zone) {
  TRY(const std::int64_t offset, ZoneOffset(zone));
  const std::int64_t local = time.seconds + offset;
  const std::int64_t days = local / 86400 - (local % 86400 < 0 ? 1 : 0);
  const std::int64_t in_day = local - days * 86400;
  const CivilDate date = CivilFromDays(days);
  switch (field) {
    case TimeField::kFullYear: return date.year;
    case TimeField::kMonth: return date.month - 1;
    case TimeField::kDate: return date.day;
    case TimeField::kDayOfMonth: return date.day - 1;
    case TimeField::kDayOfWeek: return ((days + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    case TimeField::kDayOfYear: return days - DaysFromCivil({date.year, 1, 1});
    case TimeField::kHours: return in_day / 3600;
    case TimeField::kMinutes: return in_day / 60 % 60;
    case TimeField::kSeconds: return in_day % 60;
    case TimeField::kMilliseconds: return time.nanos / 1'000'000;
  }
  return 0;
}

Result<std::int64_t> FieldOf(Duration duration, TimeField field) {
  switch (field) {
    case TimeField::kHours: return duration.ns / (3600 * kNsPerSecond);
    case TimeField::kMinutes: return duration.ns / (60 * kNsPerSecond);
    case TimeField::kSeconds: return duration.ns / kNsPerSecond;
    case TimeField::kMilliseconds: return duration.ns / 1'000'000 % 1000;
    case TimeField::kFullYear:
    case TimeField::kMonth:
    case TimeField::kDate:
    case TimeField::kDayOfMonth:
    case TimeField::kDayOfWeek:
    case TimeField::kDayOfYear: break;
  }
  return Fail(Code::kInvalid, "a duration has no calendar fields");
}

}  // namespace mlean::policy

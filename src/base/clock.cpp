#include "base/clock.hpp"

#include <fmt/core.h>

#include <chrono>

#include "base/text.hpp"

namespace mlean {
namespace {

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) { return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0); }

// Reads exactly `width` digits at the front of `text` and drops them; -1 when there are none.
int TakeDigits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return -1;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
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

int DaysInMonth(int year, int month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// "[T ]hh:mm[:ss[.fff…]]" in ms, dropped from `text`; false when malformed.
bool TakeTimeOfDay(std::string_view& text, std::int64_t& ms) {
  const int hour = TakeDigits(text, 2);
  if (hour < 0 || hour > 23 || !TakeChar(text, ':')) return false;
  const int minute = TakeDigits(text, 2);
  if (minute < 0 || minute > 59) return false;
  ms = hour * kHourMs + minute * kMinuteMs;
  if (!TakeChar(text, ':')) return true;
  const int second = TakeDigits(text, 2);
  if (second < 0 || second > 60) return false;
  ms += second * kSecondMs;
  if (!TakeChar(text, '.')) return true;
  int digits = 0;
  std::int64_t scale = 100;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    ms += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
    ++digits;
  }
  return digits > 0;
}

// "Z", "+hh:mm", "+hhmm", "+hh" or nothing; the offset east of UTC in ms.
bool TakeZone(std::string_view& text, std::int64_t& offset) {
  offset = 0;
  if (text.empty() || TakeChar(text, 'Z') || TakeChar(text, 'z')) return true;
  const char sign = text.front();
  if (sign != '+' && sign != '-') return false;
  text.remove_prefix(1);
  const int hour = TakeDigits(text, 2);
  if (hour < 0) return false;
  TakeChar(text, ':');
  const int minute = text.empty() ? 0 : TakeDigits(text, 2);
  if (minute < 0) return false;
  offset = (hour * kHourMs + minute * kMinuteMs) * (sign == '-' ? -1 : 1);
  return true;
}

}  // namespace

TimeMs SystemClock::Now() const {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// Howard Hinnant's algorithm for the civil calendar (public domain description), exact for every int64 day.
std::int64_t DaysFromCivil(CivilDate date) {
  const std::int64_t y = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = FloorDiv(y, 400);
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

CivilDate CivilFromDays(std::int64_t days) {
  days += 719468;
  const std::int64_t era = FloorDiv(days, 146097);
  const std::int64_t doe = days - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  date.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  date.year = static_cast<int>(yoe + era * 400 + (date.month <= 2 ? 1 : 0));
  return date;
}

std::string FormatDate(TimeMs time) {
  const CivilDate d = CivilFromDays(FloorDiv(time, kDayMs));
  return fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day);
}

std::string FormatTime(TimeMs time) {
  const std::int64_t in_day = time - FloorDiv(time, kDayMs) * kDayMs;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", FormatDate(time), in_day / kHourMs, in_day / kMinuteMs % 60,
                     in_day / kSecondMs % 60, in_day % kSecondMs);
}

Result<TimeMs> ParseTime(std::string_view text) {
  const std::string_view whole = text;
  const auto bad = [&] {
    return Fail(Code::kInvalid, fmt::format("cannot read time '{}': expected YYYY-MM-DD[ hh:mm[:ss]][Z]", whole));
  };
  CivilDate date;
  date.year = TakeDigits(text, 4);
  if (date.year < 0 || !TakeChar(text, '-')) return bad();
  date.month = TakeDigits(text, 2);
  if (date.month < 1 || date.month > 12 || !TakeChar(text, '-')) return bad();
  date.day = TakeDigits(text, 2);
  if (date.day < 1 || date.day > DaysInMonth(date.year, date.month)) return bad();
  const TimeMs midnight = DaysFromCivil(date) * kDayMs;
  if (text.empty()) return midnight;
  if (!TakeChar(text, 'T') && !TakeChar(text, ' ')) return bad();
  std::int64_t in_day = 0;
  std::int64_t offset = 0;
  if (!TakeTimeOfDay(text, in_day) || !TakeZone(text, offset) || !text.empty()) return bad();
  return midnight + in_day - offset;
}

Result<std::int64_t> ParseDuration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  constexpr Unit kUnits[] = {{"ms", 1}, {"s", kSecondMs}, {"m", kMinuteMs}, {"h", kHourMs}, {"d", kDayMs}, {"w", 7 * kDayMs}};
  const std::string_view whole = text;
  std::int64_t total = 0;
  bool any = false;
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789.");
    const std::size_t end = digits == text.npos ? text.npos : text.find_first_of("0123456789", digits);
    const auto amount = ParseDouble(text.substr(0, digits));
    const std::string_view name = digits == text.npos ? "" : text.substr(digits, end == text.npos ? end : end - digits);
    const Unit* unit = nullptr;
    for (const Unit& u : kUnits) {
      if (u.name == name) unit = &u;
    }
    if (!amount || unit == nullptr || *amount > 1e9) {
      return Fail(Code::kInvalid, fmt::format("cannot read duration '{}': expected a number and one of ms s m h d w", whole));
    }
    total += static_cast<std::int64_t>(*amount * static_cast<double>(unit->ms));
    any = true;
    text = end == text.npos ? std::string_view{} : text.substr(end);
  }
  if (!any) return Fail(Code::kInvalid, "cannot read duration '': expected a number and one of ms s m h d w");
  return total;
}

std::string FormatDuration(std::int64_t ms) {
  if (ms == 0) return "0s";
  std::string out = ms < 0 ? "-" : "";
  std::uint64_t rest = ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  const auto take = [&](std::uint64_t unit, std::string_view name) {
    if (rest >= unit) out += fmt::format("{}{}", rest / unit, name);
    rest %= unit;
  };
  take(kDayMs, "d");
  take(kHourMs, "h");
  take(kMinuteMs, "m");
  take(kSecondMs, "s");
  take(1, "ms");
  return out;
}

}  // namespace mlean

#include "flows/data/exp_time.hpp"

#include <array>
#include <ctime>

namespace mlean::flows {
namespace {

std::tm Local(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm out{};
  ::localtime_r(&time, &out);
  return out;
}

std::string Format(const std::tm& time, const char* format) {
  std::array<char, 64> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), format, &time);
  return {buffer.data(), size};
}

}  // namespace

std::string IsoTime(std::int64_t seconds) { return Format(Local(seconds), "%Y-%m-%dT%H:%M:%S"); }

std::string ShortTime(std::int64_t seconds, std::int64_t now) {
  const std::tm time = Local(seconds), today = Local(now);
  const bool same_day = time.tm_year == today.tm_year && time.tm_yday == today.tm_yday;
  return Format(time, same_day ? "%I:%M %p" : "%b %d, %Y");
}

}  // namespace mlean::flows

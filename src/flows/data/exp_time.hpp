// Times of commits as DVC shows them: the local time, without its zone.
#pragma once

#include <cstdint>
#include <string>

namespace mlean::flows {

std::string IsoTime(std::int64_t seconds);  // "2024-01-02T03:04:05"
// "03:04 AM" of the day of `now`, else "Jan 02, 2024".
std::string ShortTime(std::int64_t seconds, std::int64_t now);

}  // namespace mlean::flows

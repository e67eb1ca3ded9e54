#include "cas/temp_name.hpp"

#include <fmt/core.h>

#include <atomic>
#include <cstdint>

#include "base/ids.hpp"

namespace mlean::cas {

std::string TempName() {
  // A random start for each thread, then counted: asking for random bytes each time would cost as much as making the file.
  thread_local const std::string prefix = NewHex32().substr(0, 16);
  thread_local std::uint32_t count = 0;
  return fmt::format(".{}{:06x}.tmp", prefix, count++);
}

bool IsTempName(std::string_view name) { return name.size() > 5 && name.starts_with('.') && name.ends_with(".tmp"); }

}  // namespace mlean::cas

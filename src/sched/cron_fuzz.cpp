#include <cstddef>
#include <cstdint>

#include "sched/cron.hpp"

// Any text is refused or gives times that go forward.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cron = mlean::sched::Cron::Parse({reinterpret_cast<const char*>(data), size}, {.hash_id = "x"});
  if (!cron) return 0;
  mlean::TimeMs last = 1772236798000;
  for (const mlean::TimeMs time : cron->NextTimes(last, 3)) {
    CHECK_BUG(time > last);
    last = time;
  }
  return 0;
}

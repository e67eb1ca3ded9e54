// Stop signals as values: SIGINT and SIGTERM are blocked and read from a signalfd by the one thread that waits for them.
//
//   int main() { TRY(os::StopSignals stop, os::StopSignals::Block()); … start threads …; while (stop.Wait(1000) == 0) {} … }
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace mlean::os {

class StopSignals {
 public:
  // Call in main before any thread starts: threads inherit the mask. Also ignores SIGPIPE. Children of os::RunProcess get the
  // default mask and actions back.
  static Result<StopSignals> Block();
  StopSignals(StopSignals&& other) noexcept;
  StopSignals& operator=(StopSignals&& other) noexcept;
  ~StopSignals();  // closes the descriptor; the signals stay blocked

  // Waits up to `wait_ms` (-1: for ever) and returns how many stop signals have come so far: 1 = stop in order, 2 = stop now.
  int Wait(std::int64_t wait_ms);
  int count() const { return count_; }
  int last() const { return last_; }  // SIGINT or SIGTERM: the last one that came; 0: none

 private:
  explicit StopSignals(int fd) : fd_(fd) {}
  int fd_ = -1;
  int count_ = 0;
  int last_ = 0;
};

void IgnoreSigpipe();

}  // namespace mlean::os

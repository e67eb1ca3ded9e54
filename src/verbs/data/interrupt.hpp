// Interrupt: Ctrl-C (and SIGTERM) as a flag, for verbs that must end in order: a repro kills its commands and leaves valid files.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "base/result.hpp"

namespace mlean::verbs {

// From Watch() on the signals no longer end the program. Make it before any other thread.
class Interrupt {
 public:
  static Result<std::unique_ptr<Interrupt>> Watch();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  const std::atomic<bool>* flag() const { return &stopped_; }

 private:
  Interrupt() = default;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> done_ = false;
  std::thread watcher_;
};

}  // namespace mlean::verbs

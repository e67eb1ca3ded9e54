// Follows what other processes change about users and tokens while the server runs: ten times a second, as a thread of its own,
// because the loop's may be busy with a turn for hours.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.hpp"

namespace mlean::app {

class AccessWatch {
 public:
  // Calls `look` again and again; what fails is logged once until it works again.
  explicit AccessWatch(std::function<Result<void>()> look) : look_(std::move(look)), thread_([this] { Run(); }) {}
  ~AccessWatch() { Stop(); }
  void Stop();

 private:
  void Run();

  std::function<Result<void>()> look_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace mlean::app

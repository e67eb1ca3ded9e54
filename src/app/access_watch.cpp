#include "app/access_watch.hpp"

#include <pthread.h>

#include "base/log.hpp"

namespace mlean::app {
namespace {

constexpr std::chrono::milliseconds kEvery{100};

}  // namespace

void AccessWatch::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AccessWatch::Run() {
  ::pthread_setname_np(::pthread_self(), "mlean-access");
  bool works = true;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    const Result<void> looked = look_();
    if (!looked && works) log::Failure("access.problem", {{"error", looked.error().what}});
    works = looked.ok();
    lock.lock();
    stopped_.wait_for(lock, kEvery, [&] { return stop_; });
  }
}

}  // namespace mlean::app

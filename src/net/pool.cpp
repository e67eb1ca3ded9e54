#include "net/pool.hpp"

#include <pthread.h>

#include <system_error>

#include "base/log.hpp"

namespace mlean::net {

Pool::Pool(std::string name, std::size_t max_threads, std::size_t queue)
    : name_(std::move(name)), max_threads_(max_threads), limit_(max_threads + queue) {}

Pool::~Pool() {
  Shutdown();
  Drop();
}

bool Pool::Reserve() {
  const std::lock_guard lock(mutex_);
  if (stopping_ || claimed_ >= limit_) return false;
  ++claimed_;
  return true;
}

void Pool::Submit(std::unique_ptr<Job> job) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(std::move(job));
  if (idle_ >= waiting_.size()) {
    lock.unlock();  // or who wakes would have to wait for it at once
    wake_.notify_one();
  } else if (threads_.size() < max_threads_ && !stopping_) {
    try {
      threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error& error) {
      // The job waits for one of the threads there are; without any it is answered when the server stops.
      log::Failure("pool_thread_failed", {{"pool", name_}, {"cause", error.what()}});
    }
  }
}

void Pool::Work() {
  ::pthread_setname_np(::pthread_self(), name_.c_str());
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_) return;
    std::unique_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job->Run();
    job.reset();
    lock.lock();
    --claimed_;
  }
}

void Pool::Shutdown() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  wake_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void Pool::Drop() {
  std::deque<std::unique_ptr<Job>> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(waiting_);
  }
}

std::size_t Pool::Waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace mlean::net

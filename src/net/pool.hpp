// Pool: threads for work that waits (SQL, files, pulls of streams), behind a bounded queue. Threads start when there is work and
// none is idle, up to `max_threads`, and stay until Shutdown().
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mlean::net {

class Job {
 public:
  virtual ~Job() = default;
  virtual void Run() = 0;  // does not throw
};

class Pool {
 public:
  // Accepts as many jobs at once as there can be threads plus `queue`. `name` (at most 15 letters) is what ps shows.
  Pool(std::string name, std::size_t max_threads, std::size_t queue);
  ~Pool();  // Shutdown(); drops the jobs that did not start
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Claims a place for one Submit(); false when full or shut down. Thread-safe, as Submit.
  bool Reserve();
  void Submit(std::unique_ptr<Job> job);
  // Waits for the jobs that run and joins the threads. Waiting jobs are kept, unrun, until Drop().
  void Shutdown();
  void Drop();
  std::size_t Waiting() const;

 private:
  void Work();

  const std::string name_;
  const std::size_t max_threads_;
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> waiting_;  // these guarded by mutex_
  std::vector<std::thread> threads_;
  std::size_t claimed_ = 0;  // places taken: reserved, waiting or running
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace mlean::net

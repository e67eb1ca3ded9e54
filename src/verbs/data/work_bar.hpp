// WorkBar: the progress line of commands that hash, copy and link: share, rate and time left, on a terminal only.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include "cas/work.hpp"

namespace mlean::verbs {

// Counts megabytes when the files are large, files otherwise. Called by any thread.
class WorkBar final : public cas::Progress {
 public:
  WorkBar(std::string label, bool quiet);
  ~WorkBar() override;
  void Expect(std::uint64_t items, std::uint64_t bytes) override;
  void Done(std::uint64_t items, std::uint64_t bytes) override;
  void Clear();  // before something is printed

 private:
  void Draw();
  const std::string label_;
  const bool on_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> items_ = 0, item_total_ = 0, bytes_ = 0, byte_total_ = 0;
  std::mutex drawing_;  // of what follows
  std::chrono::steady_clock::time_point next_;
  bool shown_ = false;
};

}  // namespace mlean::verbs

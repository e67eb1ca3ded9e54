// Inside of the remotes room: one SFTP connection, shared by all threads: requests go out one behind the other without waiting,
// and answers find whoever asked. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "remotes/sftp_wire.hpp"
#include "remotes/ssh_process.hpp"

namespace mlean::remotes {

class SftpSession {
 public:
  // Signs in, which may take as long as a person needs to answer ssh's questions (five minutes at most); `cancel` may be null.
  static Result<std::unique_ptr<SftpSession>> Connect(const SshTarget& target, const std::atomic<bool>* cancel);
  ~SftpSession();

  using Answer = std::future<Result<sftp::Reply>>;
  Answer Start(sftp::Type type, const sftp::Payload& payload);
  // Waits for an answer; kCancelled soon after `cancel` (may be null) turns true. When the target's timeout passes
  // without any answer while some are due, the session is dead and every waiting call gets kTimeout.
  Result<sftp::Reply> Wait(Answer& answer, const std::atomic<bool>* cancel) const;
  Result<sftp::Reply> Call(sftp::Type type, const sftp::Payload& payload, const std::atomic<bool>* cancel);

  bool Has(std::string_view extension) const;  // "posix-rename@openssh.com=1"
  bool dead() const { return dead_.load(std::memory_order_acquire); }

 private:
  SftpSession(std::unique_ptr<SshProcess> process, std::chrono::seconds patience)
      : process_(std::move(process)), patience_(patience) {}
  using Time = std::chrono::steady_clock::time_point;
  Result<std::string> ReadPacket(const std::function<bool()>& go_on);
  void ReadAnswers();
  bool IsSilent();

  std::unique_ptr<SshProcess> process_;
  const std::chrono::seconds patience_;
  std::vector<std::string> extensions_;
  std::atomic<bool> dead_ = false;
  std::mutex write_mutex_;  // guards writing to process_; held while pending_mutex_ is not
  std::mutex pending_mutex_;
  std::uint32_t next_id_ = 1;                                                     // guarded by pending_mutex_
  std::unordered_map<std::uint32_t, std::promise<Result<sftp::Reply>>> pending_;  // guarded by pending_mutex_
  Time last_sign_;  // of the last answer, or of the first question since none was due; guarded by pending_mutex_
  std::thread reader_;
};

}  // namespace mlean::remotes

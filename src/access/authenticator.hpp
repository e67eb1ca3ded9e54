// Authenticator: who a request comes from. Holds all users and tokens in memory, so that most requests are answered without the
// database and without waiting; follows the database by its change counter (Refresh). Thread-safe.
//
// A password is checked by scrypt once and then remembered for ten minutes as a digest keyed by a secret of this process and
// bound to the stored hash, so a changed password ends it at once. A name that is no user's costs the same as one that is.
//
// Failures are limited by address and by user (Failures): beyond the limit nothing is checked any more, right or wrong, but what
// was checked before goes on working, and so do tokens, which nobody can guess. At most two passwords are checked at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/credentials.hpp"
#include "access/failures.hpp"
#include "access/user_store.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "types/caller.hpp"

namespace mlean::access {

struct Answer {
  // kMustCheck: only Check() can tell, which takes 100 ms. kBusy: too many are being checked, try again.
  enum class Kind : std::uint8_t { kKnown, kMissing, kWrong, kTooMany, kMustCheck, kBusy } kind = Kind::kMissing;
  std::shared_ptr<const Caller> caller;  // of kKnown
  std::chrono::seconds wait{};           // of kTooMany: until the next try
};

class Authenticator {
 public:
  using Steady = std::chrono::steady_clock;
  explicit Authenticator(Metrics& metrics);
  ~Authenticator();

  // Reads users and tokens when they have changed since the last call.
  Result<void> Refresh(sql::Database& db);
  bool HasUsers() const;
  // A secret that counts as a token of the program itself until the process ends; for commands beside it.
  const std::string& own_token() const { return own_token_; }

  // Microseconds; never waits. `address` without port.
  Answer Ask(const Credentials& credentials, std::string_view address, TimeMs now, Steady::time_point at);
  // After kMustCheck, off the I/O threads.
  Answer Check(const Credentials& credentials, std::string_view address, Steady::time_point at);

 private:
  struct Directory;
  Answer AskToken(const Credentials& credentials, std::string_view address, TimeMs now, Steady::time_point at);
  Answer HeldUp(std::chrono::milliseconds wait);
  Answer FailedUnlessHeldUp(std::string_view address, std::string_view kind, Steady::time_point at);
  Answer Failed(std::string_view address, std::string_view user, std::string_view kind, Steady::time_point at);
  std::chrono::milliseconds WaitOf(std::string_view address, std::string_view user, Steady::time_point at) const;
  std::string KeyOf(const Credentials& credentials, std::string_view stored) const;
  bool Remembered(const std::string& key, Steady::time_point at) const;
  void Remember(std::string key, Steady::time_point at);

  const std::string own_token_;
  const std::string own_digest_;
  const std::string secret_;  // keys the digests of remembered passwords
  std::shared_ptr<const Caller> own_caller_;
  std::atomic<std::shared_ptr<const Directory>> directory_;
  std::mutex refresh_mutex_;
  mutable std::shared_mutex remembered_mutex_;
  std::unordered_map<std::string, Steady::time_point> remembered_;  // key: until when; guarded by remembered_mutex_
  mutable std::mutex failures_mutex_;
  Failures by_address_;  // guarded by failures_mutex_, as the next
  Failures by_user_;
  std::atomic<int> checking_ = 0;
  CounterFamily& failed_;
  Counter& limited_;
  Counter& checks_;
};

}  // namespace mlean::access

// WebhookSender: threads that send what waits for the webhooks, a tenth of a second after it was put there, also by another
// process. Each webhook is sent to by one thread at a time, so a receiver that hangs holds up none of the others (until there are
// more of them than threads) and never the loop; one that failed is left alone for a second.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "notify/webhook.hpp"
#include "sql/database.hpp"

namespace mlean::net {
class Pool;
}

namespace mlean::flows {

class WebhookSender {
 public:
  // Both are borrowed.
  WebhookSender(sql::Database& db, const Clock& clock);
  ~WebhookSender();  // Stop()
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;

  // Cuts off what is being sent: it is sent again by the next start.
  void Stop();

 private:
  class Job;
  void Run();
  void StartDue();
  // Sends what the webhook has, until there is no more or an attempt failed; false then.
  bool SendAll(const std::string& webhook);
  void Done(const std::string& webhook, bool well);

  sql::Database& db_;
  const Clock& clock_;
  const notify::WebhookRules rules_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> busy_;                                                 // being sent to, or resting; guarded by mutex_
  std::multimap<std::chrono::steady_clock::time_point, std::string> resting_;  // until when; guarded by mutex_
  std::unique_ptr<net::Pool> pool_;
  std::thread thread_;  // last: starts when everything above is there
};

}  // namespace mlean::flows

#include "flows/webhook_sender.hpp"

#include "base/log.hpp"
#include "net/pool.hpp"
#include "notify/http_sender.hpp"
#include "notify/webhook_deliver.hpp"
#include "notify/webhook_store.hpp"

namespace mlean::flows {
namespace {

constexpr std::size_t kThreads = 8;
constexpr std::chrono::milliseconds kPollEvery{100};
constexpr std::chrono::seconds kRest{1};

}  // namespace

class WebhookSender::Job final : public net::Job {
 public:
  Job(WebhookSender& sender, std::string webhook) : sender_(sender), webhook_(std::move(webhook)) {}
  void Run() override { sender_.Done(webhook_, sender_.SendAll(webhook_)); }

 private:
  WebhookSender& sender_;
  const std::string webhook_;
};

WebhookSender::WebhookSender(sql::Database& db, const Clock& clock)
    : db_(db),
      clock_(clock),
      rules_(notify::WebhookRulesFromEnvironment()),
      pool_(std::make_unique<net::Pool>("mlean-webhooks", kThreads, 0)),
      thread_([this] { Run(); }) {}

WebhookSender::~WebhookSender() { Stop(); }

void WebhookSender::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_.store(true);
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  pool_->Shutdown();
}

void WebhookSender::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_.load()) {
    const auto now = std::chrono::steady_clock::now();
    while (!resting_.empty() && resting_.begin()->first <= now) {
      busy_.erase(resting_.begin()->second);
      resting_.erase(resting_.begin());
    }
    lock.unlock();
    StartDue();
    lock.lock();
    changed_.wait_for(lock, kPollEvery, [this] { return stop_.load(); });
  }
}

void WebhookSender::StartDue() {
  const auto due = db_.Read([&](sql::Conn& conn) { return notify::DueWebhooks(conn, clock_.Now()); });
  if (!due) return log::Warn("webhook.problem", {{"error", due.error().what}});
  for (const std::string& webhook : *due) {
    {
      const std::lock_guard lock(mutex_);
      if (busy_.contains(webhook)) continue;
      if (!pool_->Reserve()) return;
      busy_.insert(webhook);
    }
    pool_->Submit(std::make_unique<Job>(*this, webhook));
  }
}

bool WebhookSender::SendAll(const std::string& webhook) {
  notify::HttpSender sender;
  while (!stop_.load()) {
    const auto report = notify::DeliverToWebhook(db_, webhook, sender, rules_, clock_, &stop_);
    if (!report) {
      log::Warn("webhook.problem", {{"webhook", webhook}, {"error", report.error().what}});
      return false;
    }
    switch (report->outcome) {
      case notify::Attempt::kNothingDue: return true;
      case notify::Attempt::kSent: break;
      case notify::Attempt::kFailed:
        log::Info("webhook.failed", {{"webhook", webhook}, {"delivery", report->message_id}, {"error", report->error}});
        return false;
      case notify::Attempt::kGivenUp:
        log::Warn("webhook.given_up", {{"webhook", webhook}, {"delivery", report->message_id}, {"error", report->error}});
        return false;
    }
  }
  return true;
}

void WebhookSender::Done(const std::string& webhook, bool well) {
  const std::lock_guard lock(mutex_);
  if (well) {
    busy_.erase(webhook);
  } else {
    resting_.emplace(std::chrono::steady_clock::now() + kRest, webhook);
  }
}

}  // namespace mlean::flows

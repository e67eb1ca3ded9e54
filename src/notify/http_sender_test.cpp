#include "notify/http_sender.hpp"

#include <mutex>

#include "net/server.hpp"

namespace mlean::notify {
namespace {

// The real client against the real server, on loopback.
TEST(HttpSender, PostsTheAlertWithItsKey) {
  std::mutex mutex;
  std::string seen;
  net::Router router;
  router.Add("POST", "/hook/{secret}", {}, [&](const net::Call& call) {
    const std::lock_guard lock(mutex);
    seen = fmt::format("{} {} {}", call.Header("Content-Type"), call.Header("Idempotency-Key"), call.body);
    return net::Reply::Text(200, "ok");
  });
  Metrics metrics;
  const auto server = net::Server::Start({.io_threads = 1}, std::move(router), metrics);
  ASSERT_TRUE(server) << server.error().what;
  HttpSender sender;
  const Alert alert{.id = "a-1", .kind = "job.failed", .title = "t"};
  const Channel channel{"ops", ChannelKind::kWebhook, (*server)->url() + "/hook/s3cret"};
  const Result<void> sent = Deliver(channel, alert, sender);
  ASSERT_TRUE(sent) << sent.error().what;
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(seen, "application/json a-1 " + AlertJson(alert));
  }
  const Channel wrong{"ops", ChannelKind::kWebhook, (*server)->url() + "/absent/s3cret"};
  const Result<void> refused = Deliver(wrong, alert, sender);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  (*server)->Stop();
  const Result<void> down = Deliver(channel, alert, sender);
  EXPECT_EQ(down.error().code, Code::kIo);
  EXPECT_EQ(down.error().what, "cannot deliver alert to channel 'ops': the connection failed");
  const Channel bad{"ops", ChannelKind::kSlack, "ftp://s3cret"};
  const Result<void> invalid = Deliver(bad, alert, sender);
  EXPECT_EQ(invalid.error().code, Code::kInvalid);
  EXPECT_EQ(invalid.error().what.find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace mlean::notify

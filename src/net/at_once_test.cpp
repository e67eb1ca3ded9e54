// RouteOptions::at_once: answers by the I/O thread, without the pool.
#include <chrono>
#include <latch>
#include <thread>

#include "net/loopback_post.hpp"
#include "net/server.hpp"

namespace mlean::net {
namespace {

class AnswerAtOnceTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto at_once = [](const Call& call) {
      if (call.body == "throw") throw std::runtime_error("secret");
      return call.body == "wait" ? std::nullopt : std::optional(Reply::Text(200, "at once " + std::string(call.body)));
    };
    Router router;
    router.Add("POST", "/soon", {.max_body = 100, .access = Access::kAnyone, .at_once = at_once},
               [](const Call& call) { return Reply::Text(200, "by the pool " + std::string(call.body)); });
    router.Add("POST", "/block", {.max_body = 100, .access = Access::kAnyone}, [this](const Call&) {
      inside_.count_down();
      go_on_.wait();
      return Reply::Text(200, "");
    });
    server_ = *Server::Start({}, std::move(router), metrics_);
  }
  // Once the request before it counts as answered, which is a moment after its client has read the reply.
  LoopbackReply PostAlone(const std::string& path, const std::string& body) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const Gauge& in_flight = metrics_.Gauges("mlean_http_in_flight", "").Only();
    while (in_flight.Value() != 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return Post(path, body);
  }
  LoopbackReply Post(const std::string& path, const std::string& body) {
    Result<LoopbackReply> reply = LoopbackPost(server_->url() + path, body, {});
    EXPECT_TRUE(reply) << reply.error().what;
    return reply ? *reply : LoopbackReply{};
  }

  std::latch inside_{1};
  std::latch go_on_{1};
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(AnswerAtOnceTest, WhatNeedsNoWaiting) {
  EXPECT_EQ(PostAlone("/soon", "a").body, "at once a");
  EXPECT_EQ(PostAlone("/soon", "wait").body, "by the pool wait");
  const LoopbackReply failed = PostAlone("/soon", "throw");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body.find("secret"), std::string::npos);
  EXPECT_EQ(PostAlone("/soon", std::string(101, 'x')).status, 413);
}

TEST_F(AnswerAtOnceTest, NotWhileThereIsAnotherRequestToAnswer) {
  std::jthread other([&] { Post("/block", ""); });
  inside_.wait();
  EXPECT_EQ(Post("/soon", "a").body, "by the pool a");
  go_on_.count_down();
}

}  // namespace
}  // namespace mlean::net

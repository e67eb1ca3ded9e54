// A gate before the server: what it refuses never reaches a handler, and its body is not even read.
#include "net/gate.hpp"

#include "net/loopback_post.hpp"
#include "net/server.hpp"

namespace mlean::net {
namespace {

// Lets "Bearer good" in at once and "Bearer slow" after a second look.
class TestGate final : public Gate {
 public:
  Verdict Look(Call& call, const Route* route, Reply& reply) override {
    if (route != nullptr && route->options.access == Access::kAnyone) return Verdict::kPass;
    if (call.Header("Authorization") == "Bearer slow") return Verdict::kWait;
    if (call.Header("Authorization") != "Bearer good") return Refuse(reply);
    call.caller = std::make_shared<const Caller>(Caller{7, "ann"});
    return Verdict::kPass;
  }
  Verdict LookLonger(Call& call, const Route*, Reply& reply) override {
    if (call.query == "bad") return Refuse(reply);
    if (call.query == "throw") throw std::runtime_error("secret");
    call.caller = std::make_shared<const Caller>(Caller{8, "slow"});
    return Verdict::kPass;
  }

 private:
  static Verdict Refuse(Reply& reply) {
    reply = Reply::Text(401, "who are you?");
    return Verdict::kRefuse;
  }
};

class GateTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto who = [this](const Call& call) {
      ++handled_;
      return Reply::Text(200, call.caller ? call.caller->name : "nobody");
    };
    Router router;
    router.Add("POST", "/who", {.max_body = 1000, .access = Access::kReader}, who);
    router.Add("POST", "/open", {.max_body = 1000, .access = Access::kAnyone}, who);
    ServerOptions options;
    options.gate = &gate_;
    options.io_threads = 1;
    server_ = *Server::Start(options, std::move(router), metrics_);
  }
  LoopbackReply Post(const std::string& path, const std::string& bearer = {}, const std::string& body = "x") {
    Result<LoopbackReply> reply = LoopbackPost(server_->url() + path, body, {.bearer = bearer});
    EXPECT_TRUE(reply) << reply.error().what;
    return reply ? *reply : LoopbackReply{};
  }

  TestGate gate_;
  Metrics metrics_;
  std::atomic<int> handled_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(GateTest, SaysWhoCalls) {
  EXPECT_EQ(Post("/who", "good").body, "ann");
  EXPECT_EQ(Post("/who", "slow").body, "slow");
  EXPECT_EQ(Post("/open").body, "nobody");
}

TEST_F(GateTest, WhatItRefusesReachesNoHandler) {
  EXPECT_EQ(Post("/who").status, 401);
  EXPECT_EQ(Post("/who", "slow?").status, 401);
  EXPECT_EQ(Post("/who?bad", "slow").status, 401);
  EXPECT_EQ(Post("/who", "", std::string(500'000, 'x')).status, 401);  // not 413: nobody looked at it
  const LoopbackReply failed = Post("/who?throw", "slow");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body.find("secret"), std::string::npos);
  EXPECT_EQ(handled_, 0);
}

TEST_F(GateTest, PathsThatAreNotThereAreToldToThoseLetInOnly) {
  EXPECT_EQ(Post("/nothing").status, 401);
  EXPECT_EQ(Post("/nothing", "good").status, 404);
  EXPECT_EQ(Post("/nothing", "slow").status, 404);
}

}  // namespace
}  // namespace mlean::net

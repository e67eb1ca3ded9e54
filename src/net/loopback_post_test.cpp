#include "net/loopback_post.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "net/server.hpp"

namespace mlean::net {
namespace {

// A server that reads nothing and says one text; without a text it says nothing at all.
class Scripted {
 public:
  explicit Scripted(std::string text) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = fmt::format("http://127.0.0.1:{}/x", ntohs(address.sin_port));
    if (text.empty()) return;
    thread_ = std::thread([this, text = std::move(text)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      char request[1024];
      EXPECT_GT(::recv(peer, request, sizeof(request), 0), 0);
      EXPECT_EQ(::send(peer, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
      ::close(peer);
    });
  }
  ~Scripted() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  const std::string& url() const { return url_; }

 private:
  int listener_;
  std::string url_;
  std::thread thread_;
};

TEST(LoopbackPost, AsksTheServer) {
  Metrics metrics;
  Router router;
  router.Add("POST", "/echo", {}, [](const Call& call) {
    return Reply::Text(call.body.empty() ? 400 : 200, fmt::format("{} {}", call.body, call.Header("Host")));
  });
  router.Add("POST", "/large", {}, [](const Call&) { return Reply::Text(200, std::string(300'000, 'x')); });
  for (const char* const address : {"127.0.0.1", "::1"}) {
    Router copy;
    for (const auto& route : router.Routes()) copy.Add(route->method, route->pattern, route->options, route->handler);
    const auto server = Server::Start({.address = address, .io_threads = 1}, std::move(copy), metrics);
    if (!server && std::string_view(address) == "::1") continue;  // a machine without IPv6
    ASSERT_TRUE(server) << server.error().what;
    const std::string url = (*server)->url();
    const Result<LoopbackReply> echo = LoopbackPost(url + "/echo", "abc", {});
    ASSERT_TRUE(echo) << echo.error().what;
    EXPECT_EQ(echo->status, 200);
    EXPECT_EQ(echo->body, "abc " + url.substr(7));
    EXPECT_EQ(LoopbackPost(url + "/echo", "", {})->status, 400);
    EXPECT_EQ(LoopbackPost(url + "/none", "", {})->status, 404);
    EXPECT_EQ(LoopbackPost(url + "/large", "", {})->body.size(), 300'000U);
    EXPECT_EQ(LoopbackPost(url + "/large", "", {.max_reply_bytes = 1000}).error().code, Code::kTooLarge);
  }
}

TEST(LoopbackPost, SaysWhatWentWrong) {
  const struct {
    std::string reply;
    Code code;
    std::string_view what;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Code::kIo, "the connection ended before the reply did"},
      {"HTTP/1.1 200 OK\r\nConte", Code::kIo, "the connection ended before the reply did"},
      {"SSH-2.0-x\r\n\r\n", Code::kCorrupt, "its reply is no HTTP"},
      {"HTTP/1.1\r\n\r\n", Code::kCorrupt, "its reply is no HTTP"},
      {"\r\n\r\n", Code::kCorrupt, "its reply is no HTTP"},
      {"HTTP/1.1 999 OK\r\n\r\n", Code::kCorrupt, "its reply is no HTTP"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Code::kCorrupt, "its reply does not say how long it is"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Code::kCorrupt, "its reply does not say how long it is"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", Code::kTooLarge, "its reply is too large"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(2000, 'x'), Code::kTooLarge, "its reply is too large"},
  };
  for (const auto& [text, code, what] : cases) {
    const Scripted server(text);
    const Result<LoopbackReply> reply = LoopbackPost(server.url(), "", {.max_reply_bytes = 1000});
    ASSERT_FALSE(reply) << text;
    EXPECT_EQ(reply.error().code, code) << text;
    EXPECT_EQ(reply.error().what, fmt::format("cannot request '{}': {}", server.url(), what));
  }
  const Scripted whole("HTTP/1.1 204 No Content\r\ncontent-length:0\r\n\r\n");
  EXPECT_EQ(LoopbackPost(whole.url(), "", {})->status, 204);
}

TEST(LoopbackPost, KeepsItsDeadlineAndStaysHere) {
  const Scripted silent("");
  const Result<LoopbackReply> late = LoopbackPost(silent.url(), "", {.timeout = std::chrono::milliseconds(30)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kTimeout);
  EXPECT_THAT(late.error().what, testing::EndsWith("no reply within 30 ms"));
  std::string gone;
  { gone = Scripted("").url(); }
  EXPECT_EQ(LoopbackPost(gone, "", {}).error().code, Code::kIo);
  for (const char* const url : {"https://127.0.0.1:1/", "http://10.0.0.1:80/", "http://localhost:80/", "http://127.0.0.1/x", "",
                                "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://127.0.0.1:80", "http://127.1:80/",
                                "http://127.0.0.1:80/a b", "http://127.0.0.1:80/a\r\nX: y", "http://[::2]:80/"}) {
    const Result<LoopbackReply> reply = LoopbackPost(url, "", {});
    ASSERT_FALSE(reply) << url;
    EXPECT_EQ(reply.error().code, Code::kInvalid) << url;
  }
}

}  // namespace
}  // namespace mlean::net

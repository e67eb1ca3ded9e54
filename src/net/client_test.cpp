#include "net/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "net/server.hpp"

namespace mlean::net {
namespace {

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    Router router;
    router.Add("GET", "/hello", {.on = On::kInline}, [](const Call&) { return Reply::Text(200, "hello").With("X-A", "b"); });
    router.Add("GET", "/large", {.on = On::kInline}, [](const Call&) { return Reply::Text(200, std::string(100'000, 'x')); });
    router.Add("GET", "/there", {.on = On::kInline}, [](const Call&) { return Reply::Redirect("/hello"); });
    router.Add("GET", "/slow", {},
               [](const Call&) { return Reply::Stream("text/plain", [](std::string&) -> Result<bool> { return true; }); });
    router.Add("GET", "/peer", {.on = On::kInline}, [](const Call& call) { return Reply::Text(200, std::string(call.remote)); });
    router.Add("POST", "/type", {}, [](const Call& call) {
      return Reply::Text(200, call.HasHeader("Content-Type") ? std::string(call.Header("Content-Type")) : "none");
    });
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "GET"}) {
      router.Add(method, "/echo", {}, [](const Call& call) {
        return Reply::Text(201, fmt::format("{} {} {}", call.method, call.body, call.Header("X-Test")));
      });
    }
    auto server = Server::Start({.io_threads = 1}, std::move(router), metrics_);
    EXPECT_TRUE(server);
    server_ = *std::move(server);
  }

  Result<Response> Send(Request request, std::string_view path) {
    request.url = server_->url() + std::string(path);
    return client_.Send(request);
  }

  Metrics metrics_;
  std::unique_ptr<Server> server_;
  Client client_;
};

TEST_F(ClientTest, GetsAndKeepsTheConnection) {
  const Result<Response> first = Send({}, "/peer");
  ASSERT_TRUE(first) << first.error().what;
  for (int i = 0; i < 3; ++i) {
    const Result<Response> hello = Send({}, "/hello");
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->status, 200);
    EXPECT_EQ(hello->body, "hello");
    EXPECT_EQ(hello->Header("x-a"), "b");
    EXPECT_EQ(hello->Header("none"), "");
  }
  EXPECT_EQ(Send({}, "/peer")->body, first->body);
  EXPECT_EQ(Send({}, "/none")->status, 404);
}

TEST_F(ClientTest, SwitchesMethods) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Send({.method = "POST", .headers = {{"X-Test", "1"}}, .body = "abc"}, "/echo")->body, "POST abc 1");
    EXPECT_EQ(Send({.method = "PUT", .body = "def"}, "/echo")->body, "PUT def ");
    EXPECT_EQ(Send({}, "/echo")->body, "GET  ");
    EXPECT_EQ(Send({.method = "GET", .body = "q"}, "/echo")->body, "GET q ");
    EXPECT_EQ(Send({.method = "DELETE"}, "/echo")->body, "DELETE  ");
    EXPECT_EQ(Send({.method = "POST"}, "/echo")->body, "POST  ");
    EXPECT_EQ(Send({.method = "HEAD"}, "/hello")->body, "");
    EXPECT_EQ(Send({.method = "HEAD"}, "/hello")->Header("Content-Length"), "5");
    EXPECT_EQ(Send({.method = "PATCH", .body = "x"}, "/echo")->body, "PATCH x ");
    EXPECT_EQ(Send({}, "/hello")->body, "hello");
  }
}

TEST_F(ClientTest, InventsNoContentType) {
  EXPECT_EQ(Send({.method = "POST", .body = "x"}, "/type")->body, "none");
  EXPECT_EQ(Send({.method = "POST", .headers = {{"content-type", "a/b"}}, .body = "x"}, "/type")->body, "a/b");
  EXPECT_EQ(Send({.method = "POST", .body = "x"}, "/type")->body, "none");
}

TEST_F(ClientTest, SendsFilesAndReceivesPieces) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / ("client_test_" + std::to_string(::getpid()));
  std::ofstream(path) << "from file";
  EXPECT_EQ(Send({.method = "PUT", .body_file = path}, "/echo")->body, "PUT from file ");
  EXPECT_EQ(Send({.method = "POST", .body_file = path}, "/echo")->body, "POST from file ");
  EXPECT_EQ(Send({.method = "POST", .body = "memory"}, "/echo")->body, "POST memory ");
  std::uint64_t sent = 0;
  const auto count = [&](std::uint64_t more) { sent += more; };
  EXPECT_EQ(Send({.method = "PUT", .body_file = path, .body_offset = 5, .body_length = 2, .on_sent = count}, "/echo")->body,
            "PUT fi ");
  EXPECT_EQ(Send({.method = "PUT", .body_file = path, .body_offset = 5, .on_sent = count}, "/echo")->body, "PUT file ");
  EXPECT_EQ(sent, 6u);
  EXPECT_EQ(Send({.method = "PUT", .body_file = path, .body_offset = 9}, "/echo")->body, "PUT  ");
  EXPECT_EQ(Send({.method = "PUT", .body_file = path, .body_offset = 10}, "/echo").error().code, Code::kInvalid);
  EXPECT_EQ(Send({.method = "PUT", .body_file = path, .body_offset = 5, .body_length = 5}, "/echo").error().code, Code::kInvalid);
  std::filesystem::remove(path);
  EXPECT_EQ(Send({.method = "PUT", .body_file = path}, "/echo").error().code, Code::kNotFound);
  std::size_t bytes = 0;
  const Result<Response> large = Send(
      {.max_response_bytes = 10, .sink = [&](const Response&, std::string_view piece) { return bytes += piece.size(), true; }},
      "/large");
  EXPECT_EQ(large->body, "");
  EXPECT_EQ(bytes, 100'000u);
  EXPECT_EQ(Send({.sink = [](const Response&, std::string_view) { return false; }}, "/large").error().code, Code::kCancelled);
  const Result<Response> none = Send({.sink = [](const Response&, std::string_view) { return false; }}, "/none");
  EXPECT_EQ(none->status, 404);
  EXPECT_NE(none->body, "");
}

TEST_F(ClientTest, ReportsWhatWentWrong) {
  EXPECT_EQ(Send({.max_response_bytes = 99'999}, "/large").error().code, Code::kTooLarge);
  EXPECT_EQ(Send({.max_response_bytes = 100'000}, "/large")->body.size(), 100'000u);
  EXPECT_EQ(Send({.timeout_ms = 30}, "/slow").error().code, Code::kTimeout);
  EXPECT_EQ(Send({.headers = {{"A", "b\r\nC: d"}}}, "/hello").error().code, Code::kInvalid);
  EXPECT_EQ(client_.Send({.url = "file:///etc/passwd"}).error().code, Code::kInvalid);
  EXPECT_EQ(client_.Send({.url = "http://a b/"}).error().code, Code::kInvalid);
}

TEST_F(ClientTest, SaysThatNobodyListens) {
  // A port that is held, so that no other test gets it.
  const int held = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(held, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(held, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string url = fmt::format("http://127.0.0.1:{}/hello", ntohs(address.sin_port));
  const Result<Response> refused = client_.Send({.url = url});
  ::close(held);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kIo);
  EXPECT_THAT(refused.error().what, testing::StartsWith("cannot request '" + url + "': "));
}

TEST_F(ClientTest, ReachesPublicAddressesOnlyWhenToldSo) {
  const Result<Response> refused = Send({.public_only = true}, "/hello");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_NE(refused.error().what.find("its address is not public"), std::string::npos) << refused.error().what;
  EXPECT_EQ(Send({}, "/hello")->status, 200);
}

TEST_F(ClientTest, IsCancelledFromOutside) {
  std::atomic<bool> cancel = true;
  EXPECT_EQ(Send({.cancel = &cancel}, "/slow").error().code, Code::kCancelled);
  cancel = false;
  EXPECT_EQ(Send({.cancel = &cancel}, "/hello")->status, 200);
  EXPECT_EQ(Send({.stall_timeout_ms = 1000}, "/slow").error().code, Code::kTimeout);
}

TEST_F(ClientTest, FollowsRedirectsOnlyWhenAsked) {
  EXPECT_EQ(Send({}, "/there")->status, 302);
  const Result<Response> followed = Send({.max_redirects = 2}, "/there");
  EXPECT_EQ(followed->status, 200);
  EXPECT_EQ(followed->body, "hello");
  EXPECT_EQ(followed->Header("Location"), "");
  EXPECT_EQ(Send({}, "/there")->status, 302);
}

}  // namespace
}  // namespace mlean::net

// The real server on a free port, spoken to over raw sockets.
#include "net/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <stdexcept>
#include <thread>

#include "net/sse.hpp"

namespace mlean::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A blocking connection; every wait ends after ten seconds.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Peer() { ::close(fd_); }
  Peer(const Peer&) = delete;

  // False when the server closed early, which some tests want.
  bool Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void CloseWriting() { ::shutdown(fd_, SHUT_WR); }

  // Reads until `text` holds `mark`, or to the end of the connection when `mark` is empty.
  std::string ReadUntil(std::string_view mark = {}) {
    std::string text;
    char piece[4096];
    while (mark.empty() || text.find(mark) == std::string::npos) {
      const ssize_t got = ::recv(fd_, piece, sizeof(piece), 0);
      if (got == 0) break;
      if (got < 0) return text + "<read failed: " + std::to_string(errno) + ">";
      text.append(piece, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int fd_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    directory_ = std::filesystem::temp_directory_path() / ("net_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ / "digits") << "0123456789";
    options_.io_threads = 2;
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Start() {
    Router router;
    AddRoutes(router);
    auto server = Server::Start(options_, std::move(router), metrics_);
    ASSERT_TRUE(server) << server.error().what;
    server_ = *std::move(server);
  }

  void AddRoutes(Router& router) {
    const auto echo = [](const Call& call) { return Reply::Text(200, std::string(call.method) + ":" + std::string(call.body)); };
    router.Add("GET", "/hello", {.on = On::kInline}, [](const Call&) { return Reply::Text(200, "hello"); });
    router.Add("GET", "/name/{name}", {.on = On::kInline}, [](const Call& call) {
      return Reply::Text(200, fmt::format("{} {} {}", call.Path("name"), call.Query("q").value_or("-"), call.Header("x-test")));
    });
    router.Add("POST", "/echo", {.on = On::kInline, .max_body = 200'000}, echo);
    router.Add("POST", "/pool", {.max_body = 100}, echo);
    router.Add("GET", "/throw", {.on = On::kPool}, [](const Call&) -> Reply { throw std::runtime_error("secret"); });
    router.Add("GET", "/block", {.on = On::kPool}, [this](const Call&) {
      blocked_.fetch_add(1);
      release_.wait();
      return Reply::Text(200, "released");
    });
    router.Add("GET", "/file", {},
               [this](const Call&) { return Reply::File(directory_ / "digits", "text/plain").With("ETag", "\"v1\""); });
    router.Add("GET", "/part", {}, [this](const Call&) {
      Reply reply = Reply::File(directory_ / "digits", "text/plain");
      reply.file->offset = 2;
      reply.file->length = 6;
      return reply;
    });
    router.Add("GET", "/missing", {}, [this](const Call&) { return Reply::File(directory_ / "nothing", "text/plain"); });
    router.Add("GET", "/folder", {}, [this](const Call&) { return Reply::File(directory_, "text/plain"); });
    router.Add("GET", "/nothing", {}, [](const Call&) { return Reply::NoContent(); });
    router.Add("GET", "/large", {}, [](const Call&) { return Reply::Text(200, std::string(5'000'000, 'x')); });
    router.Add("GET", "/page", {.on = On::kInline}, [](const Call&) {
      static const std::string page(100'000, 'p');
      return Reply{.content_type = "text/html", .static_body = page};
    });
    router.Add("GET", "/events", {.on = On::kInline}, [](const Call&) {
      return Reply::Stream(std::string(kEventStream), [count = 0](std::string& chunk) mutable -> Result<bool> {
        AppendEvent(chunk, std::to_string(count));
        return ++count < 3;
      });
    });
    router.Add("GET", "/endless", {.on = On::kInline}, [this](const Call&) {
      return Reply::Stream(std::string(kEventStream), [this, first = true](std::string& chunk) mutable -> Result<bool> {
        if (first) AppendEvent(chunk, "begin");
        first = false;
        std::this_thread::yield();
        pulls_.fetch_add(1);
        return true;
      });
    });
    router.Add("GET", "/broken", {.on = On::kInline}, [](const Call&) {
      return Reply::Stream("text/plain", [first = true](std::string& chunk) mutable -> Result<bool> {
        chunk = "part";
        if (!std::exchange(first, false)) return Fail(Code::kIo, "cannot read");
        return true;
      });
    });
    router.Add("PUT", "/spool", {.max_body = 10'000'000, .spool_dir = directory_ / "not" / "there yet"}, [](const Call& call) {
      if (call.body_file.empty()) return Reply::Text(200, "memory " + std::to_string(call.body.size()));
      return Reply::Text(200, "file " + std::to_string(std::filesystem::file_size(call.body_file)));
    });
  }

  std::string Talk(std::string_view request) {
    Peer peer(server_->port());
    peer.Send(request);
    return peer.ReadUntil();
  }

  std::uint64_t Refused(std::string_view reason) {
    return metrics_.Counters("mlean_http_refused_total", "", {"reason"}).With({{"reason", reason}}).Value();
  }

  // Waits for another thread without sleeping; gives up after ten seconds.
  template <class Condition>
  static bool Eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  Metrics metrics_;
  ServerOptions options_;
  std::filesystem::path directory_;
  std::atomic<int> blocked_ = 0;
  std::atomic<int> pulls_ = 0;
  std::promise<void> gate_;
  std::shared_future<void> release_ = gate_.get_future().share();
  std::unique_ptr<Server> server_;
};

struct Scenario {
  const char* name;
  std::string request;
  int status;
  std::vector<std::string> has;
  std::vector<std::string> lacks = {};
};

std::string Get(std::string_view target, std::string_view headers = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n", target, headers);
}
std::string Post(std::string_view target, std::string_view headers, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n{}", target, headers, body);
}

std::vector<Scenario> Scenarios() {
  const std::string gzip("\x1f\x8b\x08\0\0\0\0\0\x02\x03\xab\x56\xaa\x50\xb2\x32\xac\x05\0\x5c\x59\xeb\x3b\x07\0\0\0", 27);
  const std::string long_value(20'000, 'a');
  const std::string large(150'000, 'b');
  return {
      {"get",
       Get("/hello"),
       200,
       {"Content-Length: 5\r\n", "Content-Type: text/plain", "nosniff\r\n", "Date: ", "Connection: close", "\r\n\r\nhello"},
       {"X-Request-Id"}},
      {"get in two slashes", Get("//hello/"), 200, {"hello"}},
      {"absolute target", Get("http://x/hello?a=b"), 200, {"hello"}},
      {"captures, query, header", Get("/name/a%20b?q=1+2", "X-TEST: v\r\n"), 200, {"a b 1 2 v"}},
      {"head", "HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, {"Content-Length: 5\r\n"}, {"hello"}},
      {"head of a file",
       "HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       200,
       {"Content-Length: 10\r\n", "Accept-Ranges: bytes"},
       {"0123"}},
      {"head of a stream", "HEAD /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, {"event-stream"}, {"data:"}},
      {"options",
       "OPTIONS /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       204,
       {"Allow: OPTIONS, POST\r\n"},
       {"Content-Length"}},
      {"no content", Get("/nothing"), 204, {}, {"Content-Length", "Content-Type:"}},
      {"not found", Get("/none"), 404, {R"({"error":"cannot find '/none': no such path"})", "X-Request-Id: "}},
      {"wrong method", Post("/hello", "Content-Length: 3\r\n", "abc"), 405, {"Allow: GET, HEAD, OPTIONS\r\n"}},
      {"wrong escape", Get("/name/%zz"), 400, {"percent"}},
      {"request id kept", Get("/hello", "X-Request-Id: my-id.1\r\n"), 200, {"X-Request-Id: my-id.1\r\n"}},
      {"request id refused", Get("/none", "X-Request-Id: a<b\r\n"), 404, {"X-Request-Id: "}, {"a<b"}},
      {"HTTP/1.0", "GET /hello HTTP/1.0\r\n\r\n", 200, {"HTTP/1.1 200", "Connection: close", "hello"}},
      {"HTTP/1.0 stream",
       "GET /events HTTP/1.0\r\n\r\n",
       200,
       {"\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n"},
       {"chunked", "Content-Length"}},
      {"empty lines first", "\r\n\r\n" + Get("/hello"), 200, {"hello"}},
      {"body", Post("/echo", "Content-Length: 3\r\n", "abc"), 200, {"POST:abc"}},
      {"empty body", Post("/echo", "Content-Length: 0\r\n", ""), 200, {"POST:"}},
      {"larger body", Post("/echo", "Content-Length: 150000\r\n", large), 200, {"POST:bbb", "Content-Length: 150005"}},
      {"chunks",
       Post("/echo", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nT: u\r\n\r\n"),
       200,
       {"POST:abcdefgh"}},
      {"body on the pool", Post("/pool", "Content-Length: 3\r\n", "abc"), 200, {"POST:abc"}},
      {"gzip body", Post("/echo", "Content-Encoding: gzip\r\nContent-Length: 27\r\n", gzip), 200, {"POST:{\"x\":1}"}},
      {"damaged gzip", Post("/echo", "Content-Encoding: gzip\r\nContent-Length: 3\r\n", "abc"), 400, {"decompress"}},
      {"unknown coding",
       Post("/echo", "Content-Encoding: br\r\nContent-Length: 3\r\n", "abc"),
       415,
       {"Accept-Encoding: gzip, deflate"}},
      {"too large by length",
       Post("/echo", "Content-Length: 104857600\r\n", ""),
       413,
       {"over 200000 bytes", "Connection: close"}},
      {"too large by chunks",
       Post("/pool", "Transfer-Encoding: chunked\r\n", fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", 101, std::string(101, 'c'))),
       413,
       {"Connection: close"}},
      {"too large by chunk header", Post("/echo", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 413, {}},
      {"chunk size too long", Post("/echo", "Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), 400, {}},
      {"wrong chunk", Post("/echo", "Transfer-Encoding: chunked\r\n", "x\r\nabc\r\n"), 400, {}},
      {"length and chunks", Post("/echo", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, {}},
      {"chunks and length", Post("/echo", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400, {}},
      {"two lengths", Post("/echo", "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400, {}},
      {"negative length", Post("/echo", "Content-Length: -3\r\n", ""), 400, {}},
      {"other coding", Post("/echo", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501, {}},
      {"coding not chunked", Post("/echo", "Transfer-Encoding: identity\r\n", "0\r\n\r\n"), 501, {}},
      {"chunks in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, {}},
      {"unknown expectation", Post("/echo", "Expect: fun\r\nContent-Length: 3\r\n", "abc"), 417, {}},
      {"bad request line", "GET\r\n\r\n", 400, {"Connection: close", "not valid HTTP"}},
      {"not HTTP", "\x16\x03\x01\x02\x01\r\n\r\n", 400, {}},
      {"bad version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, {}},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400, {"Host"}},
      {"two hosts", Get("/hello", "Host: y\r\n"), 400, {"Host"}},
      {"folded header", Get("/hello", "A: b\r\n c\r\n"), 400, {"folded"}},
      {"blank before colon", Get("/hello", "A : b\r\n"), 400, {}},
      {"bare line feed in value", Get("/hello", "A: b\nC: d\r\n"), 400, {}},
      {"header too large", Get("/hello", "A: " + long_value + "\r\n"), 431, {"Connection: close"}},
      {"target too long", Get("/" + long_value), 431, {}},
      {"exception",
       Get("/throw", "X-Request-Id: id1\r\n"),
       500,
       {"internal error, request id 'id1'", "application/json"},
       {"secret"}},
      {"file", Get("/file"), 200, {"Content-Length: 10", "Accept-Ranges: bytes", "\r\n\r\n0123456789"}},
      {"range",
       Get("/file", "Range: bytes=2-4\r\n"),
       206,
       {"Content-Range: bytes 2-4/10\r\n", "Content-Length: 3", "\r\n\r\n234"},
       {"2345"}},
      {"range of the end", Get("/file", "Range: bytes=-3\r\n"), 206, {"bytes 7-9/10", "\r\n\r\n789"}},
      {"range beyond", Get("/file", "Range: bytes=10-\r\n"), 416, {"Content-Range: bytes */10"}, {"Accept-Ranges"}},
      {"several ranges", Get("/file", "Range: bytes=0-1,3-4\r\n"), 200, {"0123456789"}},
      {"if-range same", Get("/file", "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n"), 206, {"\r\n\r\n01"}},
      {"if-range other", Get("/file", "Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n"), 200, {"0123456789"}},
      {"not modified", Get("/file", "If-None-Match: \"v1\"\r\n"), 304, {"ETag: \"v1\""}, {"0123", "Content-Length"}},
      {"part of a file", Get("/part"), 200, {"Content-Length: 6", "\r\n\r\n234567"}, {"2345678"}},
      {"range in a part", Get("/part", "Range: bytes=1-2\r\n"), 206, {"bytes 1-2/6", "\r\n\r\n34"}, {"345"}},
      {"missing file", Get("/missing"), 404, {"no such file"}},
      {"folder as file", Get("/folder"), 404, {}},
      {"stream",
       Get("/events"),
       200,
       {"Transfer-Encoding: chunked\r\n", "\r\n\r\n9\r\ndata: 0\n\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"},
       {"Content-Length"}},
      {"broken stream", Get("/broken"), 200, {"4\r\npart\r\n"}, {"\r\n0\r\n"}},
      {"static page", Get("/page"), 200, {"Content-Length: 100000", "ppp"}},
  };
}

TEST_F(ServerTest, AnswersScenarios) {
  Start();
  for (const Scenario& scenario : Scenarios()) {
    SCOPED_TRACE(scenario.name);
    const std::string answer = Talk(scenario.request);
    EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {} ", scenario.status)));
    for (const std::string& part : scenario.has) EXPECT_THAT(answer, HasSubstr(part));
    for (const std::string& part : scenario.lacks) EXPECT_THAT(answer, Not(HasSubstr(part)));
  }
  EXPECT_TRUE(server_->Drain());
  EXPECT_EQ(metrics_.Gauges("mlean_http_in_flight", "").Only().Value(), 0);
  EXPECT_EQ(metrics_.Gauges("mlean_http_connections", "").Only().Value(), 0);
}

// The same, a byte at a time: nothing may depend on how the network cuts the bytes.
TEST_F(ServerTest, AnswersTheSameBytewise) {
  Start();
  for (const Scenario& scenario : Scenarios()) {
    if (scenario.request.size() > 2000) continue;
    SCOPED_TRACE(scenario.name);
    Peer peer(server_->port());
    for (const char byte : scenario.request) peer.Send({&byte, 1});
    EXPECT_THAT(peer.ReadUntil(), StartsWith(fmt::format("HTTP/1.1 {} ", scenario.status)));
  }
}

TEST_F(ServerTest, KeepsConnectionsAlive) {
  Start();
  Peer peer(server_->port());
  for (int i = 0; i < 3; ++i) {
    peer.Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.ReadUntil("hello"), AllOf(StartsWith("HTTP/1.1 200"), Not(HasSubstr("Connection:"))));
    peer.Send("POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_THAT(peer.ReadUntil("}"), StartsWith("HTTP/1.1 404"));
    peer.Send("POST /pool HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_THAT(peer.ReadUntil("POST:hi"), StartsWith("HTTP/1.1 200"));
  }
  peer.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(peer.ReadUntil("hello"), HasSubstr("Connection: keep-alive\r\n"));
  peer.Send(Get("/hello"));
  EXPECT_THAT(peer.ReadUntil(), HasSubstr("Connection: close\r\n"));
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  std::string requests;
  std::string order;
  for (int i = 0; i < 1000; ++i) {
    requests += fmt::format("POST /{} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n<{:03}>", i % 10 == 0 ? "pool" : "echo", i);
    order += fmt::format("<{:03}>", i);
  }
  const std::string answer = Talk(requests + Get("/hello"));
  std::string seen;
  for (std::size_t at = answer.find("POST:"); at != std::string::npos; at = answer.find("POST:", at + 1))
    seen += answer.substr(at + 5, 5);
  EXPECT_EQ(seen, order);
}

TEST_F(ServerTest, InvitesABodyThatWaits) {
  Start();
  Peer peer(server_->port());
  peer.Send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.Send("abc");
  EXPECT_THAT(peer.ReadUntil(), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("POST:abc")));
  Peer refused(server_->port());
  refused.Send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 200001\r\n\r\n");
  EXPECT_THAT(refused.ReadUntil("}"), StartsWith("HTTP/1.1 413"));
}

TEST_F(ServerTest, TellsASenderOfTooMuchBeforeItIsThrough) {
  Start();
  Peer peer(server_->port());
  // The server reads on, so that no reset overtakes its answer.
  EXPECT_TRUE(peer.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + std::string(5'000'000, 'x')));
  EXPECT_THAT(peer.ReadUntil(), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(Refused("body_too_large"), 1u);
}

TEST_F(ServerTest, AnswersAHalfClosedClient) {
  Start();
  Peer peer(server_->port());
  peer.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.CloseWriting();
  const std::string answer = peer.ReadUntil();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 5'000'000u);
}

TEST_F(ServerTest, SpoolsLargeBodies) {
  Start();
  const std::string body(1'000'000, 's');
  EXPECT_THAT(Talk("PUT /spool HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n" + body),
              HasSubstr("file 1000000"));
  EXPECT_THAT(Talk("PUT /spool HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nabcde"),
              HasSubstr("memory 5"));
  EXPECT_THAT(Talk("PUT /spool HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n" + body +
                   "\r\n0\r\n\r\n"),
              HasSubstr("file 1000000"));
  int left = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_ / "not" / "there yet")) ++left;
  EXPECT_EQ(left, 0);  // what was spooled is gone
}

TEST_F(ServerTest, CutsOffSlowSenders) {
  options_.read_timeout = std::chrono::milliseconds(50);
  options_.idle_timeout = std::chrono::milliseconds(100);
  Start();
  EXPECT_THAT(Talk("GET /hello HTTP/1.1\r\nHo"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(Talk("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(Refused("read_timeout"), 2u);
  EXPECT_EQ(Talk(""), "");  // idle
  // Bytes that trickle in do not move the deadline.
  Peer peer(server_->port());
  const auto start = std::chrono::steady_clock::now();
  std::thread trickle([&] {
    for (int i = 0; i < 100'000 && std::chrono::steady_clock::now() - start < std::chrono::seconds(1); ++i)
      peer.Send(i == 0 ? "G" : "E");
  });
  EXPECT_THAT(peer.ReadUntil(), testing::AnyOf(StartsWith("HTTP/1.1 4"), HasSubstr("read failed")));
  trickle.join();
}

TEST_F(ServerTest, CutsOffSlowReaders) {
  options_.write_timeout = std::chrono::milliseconds(50);
  Start();
  Peer peer(server_->port());
  peer.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return Refused("write_timeout") == 1; }));
}

TEST_F(ServerTest, RefusesWhenThePoolIsFull) {
  options_.pool_threads = 1;
  options_.pool_queue = 1;
  Start();
  Peer running(server_->port());
  running.Send(Get("/block"));
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  Peer waiting(server_->port());
  waiting.Send(Get("/block"));
  ASSERT_TRUE(Eventually([&] { return metrics_.Gauges("mlean_http_pool_queue", "").Only().Value() == 1; }));
  EXPECT_THAT(Talk(Get("/block")), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 1\r\n")));
  EXPECT_THAT(Talk(Get("/hello")), StartsWith("HTTP/1.1 200"));  // inline handlers go on
  EXPECT_EQ(Refused("pool_full"), 1u);
  gate_.set_value();
  EXPECT_THAT(running.ReadUntil(), HasSubstr("released"));
  EXPECT_THAT(waiting.ReadUntil(), HasSubstr("released"));
}

TEST_F(ServerTest, RefusesTooManyConnections) {
  options_.max_connections = 2;
  Start();
  Peer first(server_->port());
  Peer second(server_->port());
  for (Peer* peer : {&first, &second}) {
    peer->Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    peer->ReadUntil("hello");
  }
  EXPECT_THAT(Talk(Get("/hello")), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("too many connections")));
  EXPECT_EQ(Refused("connections"), 1u);
}

TEST_F(ServerTest, RefusesTooManyStreams) {
  options_.max_streams = 1;
  Start();
  {
    Peer peer(server_->port());
    peer.Send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.ReadUntil("data: begin"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(Talk(Get("/events")), StartsWith("HTTP/1.1 503"));
  }
  // A client that leaves frees its place although the stream has nothing to say.
  EXPECT_TRUE(Eventually([&] { return Talk(Get("/events")).starts_with("HTTP/1.1 200"); }));
}

TEST_F(ServerTest, WhoEndsHisBodyEarlyIsTold) {
  Start();
  for (const std::string_view head : {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\na\r\nabc"}) {
    Peer half(server_->port());
    half.Send(std::string("POST /echo HTTP/1.1\r\nHost: x\r\n") += head);
    half.CloseWriting();
    EXPECT_THAT(half.ReadUntil(), AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("ends before its body does")));
  }
}

TEST_F(ServerTest, DrainsWhatIsInFlight) {
  Start();
  Peer idle(server_->port());
  idle.Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.ReadUntil("hello");
  Peer half(server_->port());
  half.Send("GET /hello HTTP/1.1\r\nHost: x\r\n");
  Peer busy(server_->port());
  busy.Send("GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
  Peer events(server_->port());
  events.Send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  events.ReadUntil("begin");
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  std::future<bool> drained = std::async(std::launch::async, [&] { return server_->Drain(); });
  EXPECT_EQ(idle.ReadUntil(), "");
  EXPECT_THAT(events.ReadUntil(), testing::EndsWith("0\r\n\r\n"));  // and the connection is closed
  half.Send("\r\n");
  EXPECT_THAT(half.ReadUntil(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Connection: close"), HasSubstr("Retry-After: 1")));
  EXPECT_EQ(drained.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  gate_.set_value();
  EXPECT_THAT(busy.ReadUntil(), AllOf(HasSubstr("Connection: close"), HasSubstr("released")));
  EXPECT_TRUE(drained.get());
}

TEST_F(ServerTest, DrainHasADeadline) {
  options_.drain_timeout = std::chrono::milliseconds(20);
  Start();
  Peer busy(server_->port());
  busy.Send("GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  EXPECT_FALSE(server_->Drain());
  gate_.set_value();
  server_->Stop();
  server_->Stop();
}

TEST_F(ServerTest, StopsWithJobsThatNeverRan) {
  options_.pool_threads = 1;
  Start();
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 5; ++i) {
    peers.push_back(std::make_unique<Peer>(server_->port()));
    peers.back()->Send(Get("/block"));
  }
  ASSERT_TRUE(Eventually([&] { return metrics_.Gauges("mlean_http_pool_queue", "").Only().Value() == 4; }));
  std::thread stop([&] { server_->Stop(); });
  for (std::size_t i = 0; i < peers.size(); ++i) peers[i]->ReadUntil();
  gate_.set_value();
  stop.join();
}

TEST_F(ServerTest, CountsRequests) {
  Start();
  Talk(Get("/name/a"));
  Talk(Get("/name/b"));
  Talk(Get("/none"));
  Talk("BREW /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(server_->Drain());
  const std::string page = metrics_.RenderPrometheus();
  EXPECT_THAT(page, HasSubstr("mlean_http_requests_total{route=\"/name/{name}\",method=\"GET\",code=\"200\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("mlean_http_requests_total{route=\"none\",method=\"GET\",code=\"404\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("mlean_http_requests_total{route=\"none\",method=\"other\",code=\"404\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("mlean_http_request_seconds_count{route=\"/name/{name}\"} 2\n"));
}

TEST_F(ServerTest, ServesManyAtOnce) {
  Start();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string_view target = std::array{"/hello", "/file", "/events", "/page"}[static_cast<std::size_t>(i + t) % 4];
        good += Talk(Get(target)).starts_with("HTTP/1.1 200") ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

TEST_F(ServerTest, SaysWhyItCannotListen) {
  Start();
  ServerOptions taken;
  taken.port = server_->port();
  EXPECT_EQ(Server::Start(taken, Router(), metrics_).error().code, Code::kBusy);
  ServerOptions wrong;
  wrong.address = "not an address";
  EXPECT_EQ(Server::Start(wrong, Router(), metrics_).error().what,
            "cannot listen on 'not an address': it is not a numeric address");
  ServerOptions localhost;
  localhost.address = "localhost";
  EXPECT_THAT((*Server::Start(localhost, Router(), metrics_))->url(), StartsWith("http://127.0.0.1:"));
}

}  // namespace
}  // namespace mlean::net

// Retries, resuming and refusals against a server that misbehaves on purpose.
#include <atomic>
#include <cstdlib>

#include "net/server.hpp"
#include "remotes/download.hpp"
#include "remotes/fixture_test.hpp"
#include "remotes/http_session.hpp"

namespace mlean::remotes {
namespace {

using testing::HasSubstr;
using testing::Not;

class SessionTest : public RemoteTest {
 protected:
  SessionTest() {
    net::Router router;
    const net::Handler shaky = [this](const net::Call& call) -> net::Reply {
      ++calls_;
      if (failures_-- > 0) return net::Reply::Text(503, "slow down\nmore").With("Retry-After", "0");
      if (!call.body.empty()) stored_ = call.body;
      return net::Reply::Text(200, stored_);
    };
    for (const char* method : {"GET", "HEAD", "POST"}) router.Add(method, "/shaky/{key...}", {.on = net::On::kInline}, shaky);
    router.Add("GET", "/torn/{key...}", {}, [this](const net::Call& call) { return Torn(call); });
    router.Add("GET", "/forbidden/{key...}", {.on = net::On::kInline}, [](const net::Call&) {
      net::Reply reply{.status = 403, .content_type = "application/xml"};
      reply.body = "<Error><Code>AccessDenied</Code><Message>no\nway</Message></Error>";
      return reply;
    });
    server_ = *net::Server::Start({.io_threads = 1}, std::move(router), metrics_);
  }

  // Sends a piece and breaks off, three times; then the rest.
  net::Reply Torn(const net::Call& call) {
    ++calls_;
    const net::ByteRange range = net::ParseRange(call.Header("Range"), content_.size());
    const bool whole = range.kind != net::ByteRange::Kind::kPart || ignore_range_;
    const std::size_t first = whole ? 0 : range.first;
    if (call.HasHeader("Range")) ranges_.emplace_back(call.Header("Range"));
    const bool tear = failures_-- > 0;
    auto at = std::make_shared<std::size_t>(first);
    net::Reply reply = net::Reply::Stream("application/octet-stream", [this, at, tear](std::string& chunk) -> Result<bool> {
      if (tear && *at > 0 && *at % 1000 == 0 && *at != content_.size() && sent_) return Fail(Code::kIo, "torn");
      chunk = content_.substr(*at, 1000);
      *at += chunk.size();
      sent_ = true;
      return *at < content_.size();
    });
    sent_ = false;
    reply.status = whole ? 200 : 206;
    return std::move(reply).With("ETag", etag_);
  }

  std::unique_ptr<Remote> Open(const std::string& path, int attempts = 4) {
    return *OpenRemote({.url = server_->url() + path}, {.retry = {.attempts = attempts, .first_pause_ms = 1}});
  }

  std::string content_ = std::string(2500, 'a') + std::string(2500, 'b');
  std::string etag_ = "\"1\"";
  std::string stored_ = "x";
  std::atomic<int> failures_ = 0;
  std::atomic<int> calls_ = 0;
  std::atomic<bool> sent_ = false;
  std::atomic<bool> ignore_range_ = false;
  std::vector<std::string> ranges_;
  Metrics metrics_;
  std::unique_ptr<net::Server> server_;
};

TEST_F(SessionTest, TriesAgainWhatMayPass) {
  const auto remote = Open("/shaky");
  failures_ = 3;
  EXPECT_TRUE(remote->Stat("k"));
  EXPECT_EQ(calls_, 4);
  failures_ = 4;
  const Result<FileInfo> given_up = remote->Stat("k");
  EXPECT_EQ(given_up.error().code, Code::kBusy);
  EXPECT_THAT(given_up.error().what, HasSubstr("the server answers 503 Service Unavailable"));
  failures_ = 2;
  const std::filesystem::path file = dir_.path() / "file";
  ASSERT_TRUE(os::WriteFileAtomic(file, "content"));
  EXPECT_TRUE(remote->Put(file, "k"));
  EXPECT_EQ(stored_, "content");
}

TEST_F(SessionTest, SmallFilesAreReadOnceAndToldOnce) {
  const auto remote = Open("/shaky");
  for (const std::size_t size : {std::size_t{1000}, std::size_t{200'000}}) {
    const std::filesystem::path file = dir_.path() / "file";
    ASSERT_TRUE(os::WriteFileAtomic(file, std::string(size, 'x')));
    const bool is_small = size == 1000;
    failures_ = is_small ? 2 : 0;
    std::uint64_t told = 0;
    EXPECT_TRUE(remote->Put(file, "k", {.on_bytes = [&](std::uint64_t bytes) {
                              told += bytes;
                              if (is_small) std::filesystem::remove(file);
                            }}));
    EXPECT_EQ(told, size);
    EXPECT_EQ(stored_.size(), size);
  }
}

TEST_F(SessionTest, ATornBodyGoesOn) {
  const auto remote = Open("/torn");
  failures_ = 3;
  std::string got;
  ASSERT_TRUE(remote->Read("k", 0, [&](std::string_view piece) -> Result<void> {
    got += piece;
    return {};
  }));
  EXPECT_EQ(got, content_);
  EXPECT_EQ(ranges_, (std::vector<std::string>{"bytes=1000-", "bytes=2000-", "bytes=3000-"}));
}

TEST_F(SessionTest, AServerWithoutRangesSendsAllAgain) {
  const auto remote = Open("/torn");
  failures_ = 1;
  ignore_range_ = true;
  std::string got;
  ASSERT_TRUE(remote->Read("k", 500, [&](std::string_view piece) -> Result<void> {
    got += piece;
    return {};
  }));
  EXPECT_EQ(got, content_.substr(500));
}

TEST_F(SessionTest, AFileThatChangesMeanwhileIsAConflict) {
  const auto remote = Open("/torn");
  failures_ = 1;
  const Result<void> read = remote->Read("k", 0, [&](std::string_view) -> Result<void> {
    etag_ = "\"2\"";
    return {};
  });
  EXPECT_EQ(read.error().code, Code::kConflict);
}

TEST_F(SessionTest, RefusalsNameTheirCause) {
  const auto remote = Open("/forbidden");
  const Result<void> read = remote->Read("k", 0, [](std::string_view) -> Result<void> { return {}; });
  EXPECT_EQ(read.error().code, Code::kDenied);
  EXPECT_EQ(read.error().what,
            fmt::format("cannot read '{}/forbidden/k': the server answers 403 Forbidden (AccessDenied: no)", server_->url()));
  EXPECT_EQ(Open("/none")->Stat("k").error().code, Code::kNotFound);
  EXPECT_EQ(Open("/shaky")->List("", [](const ListEntry&) { return true; }).error().code, Code::kUnsupported);
}

TEST_F(SessionTest, ErrorsHoldNoSecrets) {
  const std::string url = server_->url();
  server_.reset();
  const auto remote = *OpenRemote({.url = "http://me:pass@" + url.substr(7)}, {.retry = {.attempts = 2, .first_pause_ms = 1}});
  const Result<FileInfo> refused = remote->Stat("k");
  EXPECT_EQ(refused.error().code, Code::kIo);
  EXPECT_THAT(refused.error().what, Not(HasSubstr("pass")));
  EXPECT_THAT(refused.error().what, HasSubstr("me@"));
}

TEST_F(SessionTest, CancelEndsThePauses) {
  std::atomic<bool> cancel = true;
  const auto remote =
      *OpenRemote({.url = server_->url() + "/shaky"}, {.retry = {.attempts = 9, .first_pause_ms = 60'000}, .cancel = &cancel});
  failures_ = 9;
  EXPECT_FALSE(remote->Stat("k"));
}

}  // namespace
}  // namespace mlean::remotes

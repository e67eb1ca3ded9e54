#include "remotes/http_session.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/text.hpp"
#include "net/message.hpp"
#include "os/files.hpp"
#include "remotes/xml.hpp"

namespace mlean::remotes {
namespace {

constexpr std::int64_t kMaxPauseMs = 10'000;
constexpr std::int64_t kSmallFactor = 10;             // an exchange without a file may take so many read timeouts in all
constexpr std::uint64_t kWorthAFreshTry = 64u << 10;  // bytes that a broken transfer must have moved to count as moving

bool IsPassingStatus(int status) {
  return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

// Reads a small body_file into body; its size, else 0. One packet instead of two, and one look at the file instead of one for the
// signature and one for the sending.
Result<std::uint64_t> TakeIn(net::Request& request) {
  constexpr std::uint64_t kSmall = 48u << 10;
  if (request.body_file.empty() || request.body_offset > 0 || request.body_length) return 0;
  TRY(const os::FileStat stat, os::Stat(request.body_file));
  if (stat.size > kSmall || stat.kind != os::FileKind::kFile) return 0;
  TRY(request.body, os::ReadFile(request.body_file, kSmall));
  request.body_file.clear();
  return request.body.size();
}

// A line of a refusing body for the message: S3's and Azure's XML, or plain text.
std::string CauseIn(const net::Response& response) {
  const std::string_view body = response.body;
  if (const auto error = ReadXmlError(body)) {
    return error->message.empty() ? error->code : fmt::format("{}: {}", error->code, error->message);
  }
  if (const std::string_view code = response.Header("x-ms-error-code"); !code.empty()) return std::string(code);
  if (!response.Header("Content-Type").starts_with("text/plain")) return {};
  std::string_view line = Trim(body.substr(0, body.find('\n')));
  return IsValidUtf8(line) ? std::string(line.substr(0, 200)) : std::string();
}

}  // namespace

// Takes an idle connection, or a new one, and gives it back.
class HttpSession::Lease {
 public:
  explicit Lease(HttpSession& session) : session_(session) {
    const std::lock_guard lock(session_.mutex_);
    if (session_.idle_.empty()) return;
    client_ = std::move(session_.idle_.back());
    session_.idle_.pop_back();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (!client_) return;
    const std::lock_guard lock(session_.mutex_);
    session_.idle_.push_back(std::move(client_));
  }
  net::Client& client() {
    if (!client_) client_ = std::make_unique<net::Client>();
    return *client_;
  }

 private:
  HttpSession& session_;
  std::unique_ptr<net::Client> client_;
};

Result<HttpSession::Setup> HttpSession::MakeSetup(const Options& options) {
  Setup setup;
  setup.retry = options.retry();
  setup.cancel = options.cancel();
  TRY(setup.tls, options.Tls());
  TRY(setup.connect_timeout_ms, options.Seconds("connect_timeout", setup.connect_timeout_ms));
  TRY(setup.read_timeout_ms, options.Seconds("read_timeout", setup.read_timeout_ms));
  return setup;
}

bool IsPassing(const Result<net::Response>& answer) {
  if (answer) return IsPassingStatus(answer->status);
  const Code code = answer.error().code;
  return code == Code::kIo || code == Code::kTimeout;
}

bool HttpSession::Pause(int attempt, const Result<net::Response>& last) const {
  std::int64_t pause = setup_.retry.first_pause_ms << std::min(attempt - 1, 20);
  // A quarter more or less by thread: those that were turned away together do not come back together.
  const std::size_t spread = std::hash<std::thread::id>()(std::this_thread::get_id()) % 512;
  pause += pause * (static_cast<std::int64_t>(spread) - 256) / 1024;
  if (last) {
    const std::optional<std::int64_t> asked = ParseInt(last->Header("Retry-After"));
    if (asked && *asked >= 0 && *asked < kMaxPauseMs / 1000) pause = std::min(pause, *asked * 1000);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(std::min(pause, kMaxPauseMs));
  while (!Cancelled() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return !Cancelled();
}

Result<net::Response> HttpSession::Try(net::Request request) {
  const bool has_file = !request.body_file.empty() || request.sink;  // any size: it only may not stand still
  request.timeout_ms = has_file ? 0 : kSmallFactor * setup_.read_timeout_ms;
  request.connect_timeout_ms = setup_.connect_timeout_ms;
  request.stall_timeout_ms = setup_.read_timeout_ms;
  request.cancel = setup_.cancel;
  if (request.method == "GET" || request.method == "HEAD") request.max_redirects = setup_.max_redirects;
  request.tls = setup_.tls;
  request.user_password = setup_.user_password;
  request.headers.insert(request.headers.end(), setup_.headers.begin(), setup_.headers.end());
  if (setup_.authorise) TRYV(setup_.authorise(request));
  Lease lease(*this);
  Result<net::Response> answer = lease.client().Send(request);
  if (answer) return answer;
  Error error = std::move(answer).error();
  error.what = ReplaceAll(error.what, request.url, SafeUrl(request.url));  // a url may hold a password or a token
  return error;
}

Result<net::Response> HttpSession::Send(net::Request request) {
  TRY(const std::uint64_t taken_in, TakeIn(request));
  for (int attempt = 1;; ++attempt) {
    Result<net::Response> answer = Try(request);
    const bool passing = IsPassing(answer);
    if (!passing && answer && taken_in > 0 && request.on_sent) request.on_sent(taken_in);
    if (!passing) return answer;
    if (attempt >= setup_.retry.attempts || !Pause(attempt, answer)) return answer;
  }
}

Result<net::Response> HttpSession::Stream(net::Request request, std::uint64_t offset, const ByteSink& sink) {
  std::uint64_t at = offset;
  std::uint64_t start = offset;  // of this row of tries
  std::string etag;
  Result<void> sunk;
  const std::size_t own_headers = request.headers.size();
  for (int attempt = 1;; ++attempt) {
    std::uint64_t skip = 0;
    bool first = true;
    request.headers.resize(own_headers);
    if (at > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", at));
    if (at > offset && !etag.empty() && !etag.starts_with("W/")) request.headers.emplace_back("If-Match", etag);
    request.sink = [&](const net::Response& head, std::string_view piece) {
      if (first) {
        first = false;
        if (head.status != 206) skip = at;  // the server knows no ranges and sends all
        const std::string_view now = head.Header("ETag");
        if (at > offset && now != etag)
          sunk = Fail(Code::kConflict, fmt::format("cannot read '{}': it has changed", SafeUrl(request.url)));
        etag = now;
      }
      const std::size_t drop = static_cast<std::size_t>(std::min<std::uint64_t>(skip, piece.size()));
      skip -= drop;
      piece.remove_prefix(drop);
      if (sunk && !piece.empty()) sunk = sink(piece);
      at += piece.size();
      return sunk.ok();
    };
    Result<net::Response> answer = Try(request);
    if (!sunk) return sunk.error();
    if (!IsPassing(answer)) return answer;
    if (at - start >= kWorthAFreshTry) {  // it does move
      attempt = 1;
      start = at;
    }
    if (attempt >= setup_.retry.attempts || !Pause(attempt, answer)) return answer;
  }
}

Error Refusal(std::string_view verb, std::string_view what, const net::Response& response) {
  Code code = Code::kIo;
  switch (response.status) {
    case 401:
    case 403:
    case 407: code = Code::kDenied; break;
    case 404:
    case 410: code = Code::kNotFound; break;
    case 400: code = Code::kInvalid; break;
    case 405:
    case 411:
    case 501: code = Code::kUnsupported; break;
    case 409:
    case 412: code = Code::kConflict; break;
    case 413: code = Code::kTooLarge; break;
    case 429:
    case 503: code = Code::kBusy; break;
    case 507: code = Code::kIo; break;
    default: break;
  }
  const std::string cause = CauseIn(response);
  // Not the key is missing, but what it stands in: NoSuchBucket, ContainerNotFound …
  const bool names_key = cause.empty() || cause.starts_with("NoSuchKey") || cause.starts_with("BlobNotFound");
  if (code == Code::kNotFound && !names_key && ReadXmlError(response.body)) code = Code::kInvalid;
  if (cause.starts_with("BadDigest") || cause.starts_with("Md5Mismatch")) code = Code::kCorrupt;
  return Fail(code, fmt::format("cannot {} '{}': the server answers {} {}{}", verb, what, response.status,
                                net::StatusText(response.status), cause.empty() ? "" : fmt::format(" ({})", cause)));
}

}  // namespace mlean::remotes

#include "net/loopback_post.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "base/text.hpp"
#include "net/message.hpp"
#include "net/opened_file.hpp"

namespace mlean::net {
namespace {

using Steady = std::chrono::steady_clock;

struct Target {
  std::string_view host;  // with its port, for the Host header
  std::string_view path;
  sockaddr_storage address{};
  socklen_t size = 0;
};

std::optional<Target> ParseTarget(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  Target target;
  const std::size_t slash = url.find('/');
  if (slash == url.npos || url.find_first_of(std::string_view(" \r\n\0", 4)) != url.npos) return std::nullopt;
  target.host = url.substr(0, slash);
  target.path = url.substr(slash);
  const std::size_t colon = target.host.rfind(':');
  if (colon == target.host.npos) return std::nullopt;
  const auto port = ParseInt(target.host.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  const std::string address(target.host.substr(0, colon));
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&target.address);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&target.address);
  if (address == "[::1]") {
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
    v6->sin6_port = htons(static_cast<std::uint16_t>(*port));
    target.size = sizeof(sockaddr_in6);
    return target;
  }
  if (!address.starts_with("127.") || ::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) != 1) return std::nullopt;
  v4->sin_family = AF_INET;
  v4->sin_port = htons(static_cast<std::uint16_t>(*port));
  target.size = sizeof(sockaddr_in);
  return target;
}

// One exchange with its socket and deadline.
class Post {
 public:
  Post(std::string_view url, const LoopbackOptions& options)
      : url_(url), options_(options), deadline_(Steady::now() + options.timeout) {}

  Result<LoopbackReply> Run(const Target& target, std::string_view body) {
    TRYV(Connect(target));
    const std::string who = options_.bearer.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", options_.bearer);
    TRYV(Send(fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{}", target.path,
                          target.host, who, body.size(), body)));
    return Receive();
  }

 private:
  Error Cannot(Code code, std::string_view cause) const {
    return Fail(code, fmt::format("cannot request '{}': {}", url_, cause));
  }
  Error System(int error) const { return Cannot(Code::kIo, std::generic_category().message(error)); }

  // Until the socket is ready for `events`.
  Result<void> Wait(short events) {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Steady::now()).count();
      if (left <= 0) return Cannot(Code::kTimeout, fmt::format("no reply within {} ms", options_.timeout.count()));
      pollfd watched{socket_.fd(), events, 0};
      const int ready = ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000'000)));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return System(errno);
    }
  }

  Result<void> Connect(const Target& target) {
    socket_.Reset(::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket_.fd() < 0) return System(errno);
    const int on = 1;
    ::setsockopt(socket_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&target.address), target.size) == 0) return {};
    if (errno != EINPROGRESS) return System(errno);
    TRYV(Wait(POLLOUT));
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return System(errno);
    if (error != 0) return System(error);
    return {};
  }

  Result<void> Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t done = ::send(socket_.fd(), text.data(), text.size(), MSG_NOSIGNAL);
      if (done >= 0) {
        text.remove_prefix(static_cast<std::size_t>(done));
      } else if (errno == EAGAIN) {
        TRYV(Wait(POLLOUT));
      } else if (errno != EINTR) {
        return System(errno);
      }
    }
    return {};
  }

  Result<LoopbackReply> Receive() {
    std::string text;
    for (;;) {
      Result<std::optional<LoopbackReply>> reply = ReadLoopbackReply(text, options_.max_reply_bytes);
      if (!reply) return Cannot(reply.error().code, reply.error().what);
      if (*reply) return **std::move(reply);
      constexpr std::size_t kPiece = 4096;
      const std::size_t before = text.size();
      if (before >= options_.max_reply_bytes) return Cannot(Code::kTooLarge, "its reply is too large");
      TRYV(Wait(POLLIN));
      text.resize(before + std::min(kPiece, options_.max_reply_bytes - before));
      const ssize_t got = ::recv(socket_.fd(), text.data() + before, text.size() - before, 0);
      if (got < 0 && errno != EINTR && errno != EAGAIN) return System(errno);
      if (got == 0) return Cannot(Code::kIo, "the connection ended before the reply did");
      text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
  }

  std::string_view url_;
  const LoopbackOptions& options_;
  const Steady::time_point deadline_;
  OpenedFile socket_;
};

}  // namespace

Result<std::optional<LoopbackReply>> ReadLoopbackReply(std::string_view text, std::size_t max_bytes) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == text.npos) return std::optional<LoopbackReply>();
  constexpr std::string_view kStart = "HTTP/1.1 ";
  const std::vector<std::string> lines = Split(text.substr(0, end), '\n');
  const bool is_http = lines[0].starts_with(kStart);
  const auto status = is_http ? ParseInt(lines[0].substr(kStart.size(), 3)) : std::nullopt;
  if (!status || *status < 200 || *status > 599) return Fail(Code::kCorrupt, "its reply is no HTTP");
  std::optional<std::int64_t> length;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const std::size_t colon = line.find(':');
    if (colon != line.npos && EqualNoCase(line.substr(0, colon), "Content-Length"))
      length = ParseInt(Trim(line.substr(colon + 1)));
  }
  if (!length || *length < 0) return Fail(Code::kCorrupt, "its reply does not say how long it is");
  const auto size = static_cast<std::uint64_t>(*length);
  if (size > max_bytes) return Fail(Code::kTooLarge, "its reply is too large");
  if (text.size() - end - 4 < size) return std::optional<LoopbackReply>();
  return std::optional(LoopbackReply{static_cast<int>(*status), std::string(text.substr(end + 4, size))});
}

Result<LoopbackReply> LoopbackPost(std::string_view url, std::string_view body, const LoopbackOptions& options) {
  const std::optional<Target> target = ParseTarget(url);
  if (!target) return Fail(Code::kInvalid, fmt::format("cannot request '{}': it is no address of this machine", url));
  return Post(url, options).Run(*target, body);
}

}  // namespace mlean::net

#include "net/server.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/log.hpp"
#include "net/loop.hpp"

namespace mlean::net {
namespace {

// Connections beyond max_connections that are told so; more are closed without a word.
constexpr std::size_t kTurnedAway = 64;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool v6 = false;
};

Result<Address> ParseAddress(std::string_view text, std::uint16_t port) {
  const std::string host(text == "localhost" ? "127.0.0.1" : text);
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  address.storage = {};
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
    address.v6 = true;
    return address;
  }
  return Fail(Code::kInvalid, fmt::format("cannot listen on '{}': it is not a numeric address", text),
              "use 127.0.0.1, 0.0.0.0 or ::1");
}

// "127.0.0.1:5000" or "[::1]:5000".
std::string Spell(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
  ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
  return fmt::format("{}:{}", text, ntohs(v4.sin_port));
}

Error ListenError(const ServerOptions& options, int error) {
  const std::string what =
      fmt::format("cannot listen on '{}:{}': {}", options.address, options.port, std::generic_category().message(error));
  switch (error) {
    case EADDRINUSE: return Fail(Code::kBusy, what, "choose another port, or 0 for any free one");
    case EACCES: return Fail(Code::kDenied, what, "choose a port above 1023");
    case EADDRNOTAVAIL: return Fail(Code::kInvalid, what, "use an address of this machine, such as 127.0.0.1");
    default: return Fail(Code::kIo, what);
  }
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Router router, Metrics& metrics) : shared(std::move(options), std::move(router), metrics) {}
  ~Impl() {
    if (listen_fd >= 0) ::close(listen_fd);
    if (wake_fd >= 0) ::close(wake_fd);
  }

  Result<void> Listen();
  Result<void> LoadTls();
  void Accept();
  bool AcceptOne();
  void StopAccepting();

  Shared shared;
  std::vector<std::unique_ptr<Loop>> loops;
  int listen_fd = -1;
  int wake_fd = -1;  // an eventfd: ends the accepting thread
  std::thread acceptor;
  std::uint16_t port = 0;
  std::string url;
  std::mutex ending;  // a drain and the stop that cuts it short are calls of two threads
  bool stopped = false;
};

// One listener, not one for each loop with SO_REUSEPORT: that would let a second server take the same port unnoticed, and the
// kernel's hash spreads few connections unevenly.
Result<void> Server::Impl::Listen() {
  const ServerOptions& options = shared.options;
  TRY(Address address, ParseAddress(options.address, options.port));
  listen_fd = ::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (listen_fd < 0 || wake_fd < 0) return ListenError(options, errno);
  const int on = 1;
  ::setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(listen_fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
      ::listen(listen_fd, SOMAXCONN) != 0 ||
      ::getsockname(listen_fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return ListenError(options, errno);
  }
  const std::string spelled = Spell(address.storage);
  url = (options.tls_cert.empty() ? "http://" : "https://") + spelled;
  port = ntohs(address.v6 ? reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_port
                          : reinterpret_cast<const sockaddr_in&>(address.storage).sin_port);
  return {};
}

Result<void> Server::Impl::LoadTls() {
  const ServerOptions& options = shared.options;
  if (options.tls_cert.empty()) return {};
  TRY(std::shared_ptr<const TlsContext> tls, TlsContext::Load(options.tls_cert, options.tls_key));
  shared.tls.store(std::move(tls));
  return {};
}

void Server::Impl::Accept() {
  ::pthread_setname_np(::pthread_self(), "mlean-accept");
  bool exhausted = false;  // no descriptors left: wait a little, nothing else would wake us
  for (;;) {
    pollfd watched[2] = {{wake_fd, POLLIN, 0}, {listen_fd, POLLIN, 0}};
    constexpr int kRetryMs = 50;
    ::poll(watched, exhausted ? 1 : 2, exhausted ? kRetryMs : -1);
    if (watched[0].revents != 0) return;
    errno = 0;
    while (AcceptOne()) {
    }
    exhausted = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (exhausted) shared.metrics.Refused("descriptors");
  }
}

bool Server::Impl::AcceptOne() {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  const int fd = ::accept4(listen_fd, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return errno == EINTR || errno == ECONNABORTED;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const std::size_t open = shared.connections.load();
  if (open >= shared.options.max_connections + kTurnedAway) {
    shared.metrics.Refused("connections");
    ::close(fd);
    return true;
  }
  const auto calmest = std::min_element(loops.begin(), loops.end(),
                                        [](const auto& a, const auto& b) { return a->Connections() < b->Connections(); });
  (*calmest)->Add(fd, Spell(peer), open >= shared.options.max_connections);
  return true;
}

void Server::Impl::StopAccepting() {
  if (!acceptor.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t woken = ::write(wake_fd, &one, sizeof(one));
  acceptor.join();
  ::close(listen_fd);
  listen_fd = -1;
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { Stop(); }

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, Router router, Metrics& metrics) {
  if (options.io_threads == 0) options.io_threads = std::max(1u, std::thread::hardware_concurrency());
  auto impl = std::make_unique<Impl>(std::move(options), std::move(router), metrics);
  TRYV(impl->LoadTls());
  TRYV(impl->Listen());
  std::unique_ptr<Server> server(new Server(std::move(impl)));
  Impl& self = *server->impl_;
  try {
    for (std::size_t i = 0; i < self.shared.options.io_threads; ++i) {
      self.loops.push_back(std::make_unique<Loop>(self.shared, i));
      self.loops.back()->StartThread();
    }
    self.acceptor = std::thread([&self] { self.Accept(); });
  } catch (const std::exception& error) {  // no threads, no descriptors; the destructor stops what runs
    return Fail(Code::kIo, fmt::format("cannot start server on '{}': {}", self.url, error.what()));
  }
  return server;
}

std::uint16_t Server::port() const { return impl_->port; }
const std::string& Server::url() const { return impl_->url; }
Result<void> Server::ReloadTls() { return impl_->LoadTls(); }
const Router& Server::router() const { return impl_->shared.router; }

bool Server::Drain() {
  Shared& shared = impl_->shared;
  {
    const std::lock_guard ending(impl_->ending);
    if (impl_->stopped) return true;
    impl_->StopAccepting();
    shared.draining.store(true);
    for (const auto& loop : impl_->loops) loop->CloseIdle();
  }
  std::unique_lock lock(shared.drained_mutex);
  return shared.drained.wait_for(lock, shared.options.drain_timeout, [&] { return shared.connections.load() == 0; });
}

void Server::Stop() {
  const std::lock_guard ending(impl_->ending);
  if (impl_->stopped) return;
  impl_->stopped = true;
  impl_->StopAccepting();
  Shared& shared = impl_->shared;
  shared.draining.store(true);
  for (const auto& loop : impl_->loops) loop->CloseAll();
  // The pools first, so that no job reaches into a connection that is being destroyed; jobs that never ran go last, because they
  // hold coroutines of the loops.
  shared.pool.Shutdown();
  shared.streams.Shutdown();
  for (const auto& loop : impl_->loops) loop->StopThread();
  shared.pool.Drop();
  shared.streams.Drop();
  impl_->loops.clear();
}

}  // namespace mlean::net

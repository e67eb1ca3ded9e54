#include "net/loop.hpp"

// Clang 14 cannot assemble coroutines with the prologue that -fsanitize=function (part of undefined) puts before each function.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("function"))), apply_to = function)
#endif

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <exception>
#include <list>
#include <thread>

#include "base/log.hpp"
#include "net/exchange.hpp"
#include "net/reply_head.hpp"
#include "net/request_parser.hpp"

namespace mlean::net {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
// The loop's own executor type: asio's type-erased default costs on each step of a coroutine.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
template <class T>
using Task = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;
using Steady = std::chrono::steady_clock;
using Step = RequestParser::Step;

constexpr std::uint64_t kPiece = 256 * 1024;    // of a reply, for which write_timeout counts
constexpr std::uint64_t kBodyRate = 64 * 1024;  // bytes a second below which a body is too slow
constexpr std::size_t kLingerPiece = 16 * 1024;
constexpr std::size_t kLingerBytes = 64u << 20;
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::string_view kPoolFull = "cannot answer: too many requests are waiting";
constexpr Steady::time_point kNever = Steady::time_point::max();

// What a connection is waiting for; the deadline's meaning.
enum class Phase : std::uint8_t { kHandshake, kIdle, kHead, kBody, kHandler, kWrite, kLinger };

// What a session needs of its loop; lives as long as the loop.
struct LoopState {
  Shared& shared;
  asio::io_context& context;
  std::string date;  // for Date headers, refreshed by the loop's tick
  std::string id_prefix;
  std::uint64_t id_count = 0;
};

// One connection. All of it runs on its loop's thread, but for work handed to a pool while the coroutine waits.
class Session {
 public:
  Session(LoopState& loop, Socket socket, std::string remote)
      : loop_(loop),
        options_(loop.shared.options),
        socket_(std::move(socket)),
        parser_(options_.header_limit),
        exchange_(loop.shared, parser_, std::move(remote)),
        deadline_(Steady::now() + options_.idle_timeout) {
    if (std::shared_ptr<const TlsContext> tls = loop.shared.tls.load()) {
      tls_ = std::make_unique<TlsConnection>(std::move(tls), socket_.native_handle());
    }
  }

  Task<void> Serve();
  // Tells the client that the server is full.
  Task<void> TurnAway();

  bool Expired(Steady::time_point now) const { return now >= deadline_; }
  void Expire();
  bool IsIdle();
  void Close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  Task<bool> Handshake();
  Task<std::size_t> ReadByTls(std::span<char> space);
  Task<bool> ReadBody();
  Task<bool> RunOnPool(void (*work)(Session&));
  Task<Exchange::Next> AskGate();
  Task<void> Hop(Pool& pool, void (*work)(Session&));
  Task<void> SendRest();
  Task<void> Flush();
  Task<void> SendFile();
  Task<void> SendStream();
  Task<void> WaitWritable();
  Task<void> Linger();
  bool SendAtOnce();
  void Finish();
  bool PeerIsGone();
  void Wait(Phase phase, std::chrono::milliseconds timeout) { phase_ = phase, deadline_ = Steady::now() + timeout; }
  void WaitFreely() { phase_ = Phase::kHandler, deadline_ = kNever; }

  LoopState& loop_;
  const ServerOptions& options_;
  Socket socket_;
  std::unique_ptr<TlsConnection> tls_;  // null: plain
  RequestParser parser_;
  Exchange exchange_;
  Steady::time_point deadline_;
  Phase phase_ = Phase::kIdle;
  bool pulled_ = false;
  void (*work_)(Session&) = nullptr;  // what the pool does for this session now
};

// Runs a piece of a session on a pool, then goes on with the coroutine on the loop.
template <class Continue>
class HopJob final : public Job {
 public:
  HopJob(Session& session, void (*work)(Session&), asio::io_context& context, Continue next)
      : session_(session), work_(work), context_(context), next_(std::move(next)) {}
  void Run() override {
    work_(session_);
    asio::post(context_, std::move(next_));
  }

 private:
  Session& session_;
  void (*work_)(Session&);
  asio::io_context& context_;
  Continue next_;
};

Task<void> Session::Serve() {
  boost::system::error_code error;
  auto token = asio::redirect_error(kAwait, error);
  if (tls_) {
    const bool secure = co_await Handshake();
    if (!secure) co_return;
  }
  for (;;) {
    Step step = parser_.ParseHead();
    while (step == Step::kMore) {
      if (phase_ == Phase::kIdle && !parser_.Empty()) Wait(Phase::kHead, options_.read_timeout);
      const std::span<char> space = parser_.Space();
      std::size_t received = 0;
      if (tls_) {
        received = co_await ReadByTls(space);
        if (received == 0) co_return;
      } else {
        const asio::mutable_buffer buffer(space.data(), space.size());
        received = co_await socket_.async_read_some(buffer, token);
        if (error) co_return;
      }
      parser_.Received(received);
      step = parser_.ParseHead();
    }
    WaitFreely();
    exchange_.Begin(loop_.id_prefix, loop_.id_count);
    if (step == Step::kBad) {
      exchange_.RefuseAndEnd(parser_.error_status(), "bad_request", parser_.error_text());
    } else {
      Exchange::Next next = exchange_.ChooseRoute();
      if (next == Exchange::Next::kGate) next = co_await AskGate();
      if (next == Exchange::Next::kGo) {
        bool complete = true;
        if (parser_.head().HasBody()) {
          if (parser_.BodyIsHere()) {  // mostly it came with the head: nothing to wait for
            complete = exchange_.ParseBody() == Step::kReady;
          } else {
            complete = co_await ReadBody();
          }
        }
        if (complete && exchange_.OnPool() && !exchange_.AnsweredAtOnce()) {
          void (*const invoke)(Session&) = [](Session& session) { session.exchange_.Invoke(); };
          const bool done = co_await RunOnPool(invoke);
          if (!done) exchange_.Refuse(503, "pool_full", kPoolFull);
        } else if (complete && !exchange_.OnPool()) {
          exchange_.Invoke();
        }
      }
    }
    if (!exchange_.gone && !SendAtOnce()) co_await SendRest();
    Finish();
    // A drain that began after the head was sent has not seen this connection idle.
    if (!exchange_.keep_alive || exchange_.gone || loop_.shared.draining.load()) break;
    parser_.Next();
  }
  if (tls_ && !exchange_.gone) tls_->Shutdown();
  if (exchange_.linger && !exchange_.gone) co_await Linger();
}

// False: no TLS came about.
Task<bool> Session::Handshake() {
  using Want = TlsConnection::Want;
  boost::system::error_code error;
  auto token = asio::redirect_error(kAwait, error);
  Wait(Phase::kHandshake, options_.handshake_timeout);
  Want want = tls_->Handshake();
  while (want == Want::kRead || want == Want::kWrite) {
    co_await socket_.async_wait(want == Want::kRead ? Socket::wait_read : Socket::wait_write, token);
    if (error) co_return false;
    want = tls_->Handshake();
  }
  if (want == Want::kNothing) {
    Wait(Phase::kIdle, options_.idle_timeout);
    co_return !loop_.shared.draining.load();  // a drain that began meanwhile has not seen this connection idle
  }
  loop_.shared.metrics.Refused("tls");
  if (tls_->SawPlainHttp()) {
    constexpr std::string_view kSecure =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 28\r\nConnection: close\r\n\r\n"
        "this port speaks https only\n";
    [[maybe_unused]] const ssize_t sent =
        ::send(socket_.native_handle(), kSecure.data(), kSecure.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    co_await Linger();
  }
  co_return false;
}

// Zero: the connection is over.
Task<std::size_t> Session::ReadByTls(std::span<char> space) {
  using Want = TlsConnection::Want;
  boost::system::error_code error;
  auto token = asio::redirect_error(kAwait, error);
  for (;;) {
    const TlsConnection::Moved moved = tls_->Read(space);
    if (moved.bytes > 0) co_return moved.bytes;
    if (moved.want == Want::kEnd) co_return 0;
    co_await socket_.async_wait(moved.want == Want::kRead ? Socket::wait_read : Socket::wait_write, token);
    if (error) co_return 0;
  }
}

Task<void> Session::TurnAway() {
  if (tls_) co_return;  // a handshake would cost what is lacking
  exchange_.Begin(loop_.id_prefix, loop_.id_count);
  exchange_.RefuseAndEnd(503, "connections", "cannot answer: too many connections");
  if (!SendAtOnce()) co_await SendRest();
  Finish();
  if (!exchange_.gone) co_await Linger();
}

// Nearly every reply fits what the kernel takes without waiting. False: SendRest() has to go on.
bool Session::SendAtOnce() {
  exchange_.Prepare(loop_.date);
  const Exchange::Sent sent = exchange_.Send(socket_.native_handle(), tls_.get());
  return sent == Exchange::Sent::kBroken ||
         (sent == Exchange::Sent::kAll && exchange_.file_left() == 0 && !exchange_.Streaming());
}

void Session::Finish() {
  const Steady::time_point now = Steady::now();
  exchange_.Finish(now);
  phase_ = Phase::kIdle;
  deadline_ = now + options_.idle_timeout;
}

// False: the client is gone or there is an answer without the handler.
Task<bool> Session::ReadBody() {
  boost::system::error_code error;
  auto token = asio::redirect_error(kAwait, error);
  if (exchange_.WantsContinue()) {
    exchange_.PrepareRaw("HTTP/1.1 100 Continue\r\n\r\n");
    co_await Flush();
  }
  std::uint64_t received = 0;
  const Steady::time_point start = Steady::now() + options_.read_timeout;
  Step step = exchange_.gone ? Step::kBad : exchange_.ParseBody();
  while (step == Step::kMore) {
    phase_ = Phase::kBody;
    deadline_ = start + std::chrono::seconds(received / kBodyRate);
    const std::span<char> space = parser_.Space();
    std::size_t bytes = 0;
    bool ended = false;  // its side only, perhaps: who still listens is told
    if (tls_) {
      bytes = co_await ReadByTls(space);
      ended = bytes == 0 && socket_.is_open() && tls_->CanAnswer();
    } else {
      const asio::mutable_buffer buffer(space.data(), space.size());
      bytes = co_await socket_.async_read_some(buffer, token);
      ended = error == asio::error::eof;
    }
    if (ended) {
      exchange_.RefuseAndEnd(400, "bad_request", "cannot read request: it ends before its body does");
      co_return false;
    }
    if (error || bytes == 0) {
      exchange_.gone = true;
      co_return false;
    }
    received += bytes;
    parser_.Received(bytes);
    step = exchange_.ParseBody();
  }
  WaitFreely();
  co_return step == Step::kReady;
}

// False: the pool is full and `work` was not done.
Task<bool> Session::RunOnPool(void (*work)(Session&)) {
  Shared& shared = loop_.shared;
  if (!shared.pool.Reserve()) co_return false;
  shared.metrics.pool_queue.Add(1);
  work_ = work;
  void (*const counted)(Session&) = [](Session& session) {
    session.loop_.shared.metrics.pool_queue.Add(-1);
    session.work_(session);
  };
  co_await Hop(shared.pool, counted);
  co_return true;
}

Task<Exchange::Next> Session::AskGate() {
  void (*const work)(Session&) = [](Session& session) { session.exchange_.AskGate(); };
  const bool asked = co_await RunOnPool(work);
  if (asked) co_return exchange_.PassedGate();
  exchange_.RefuseAndEnd(503, "pool_full", kPoolFull);
  co_return Exchange::Next::kAnswer;
}

Task<void> Session::Hop(Pool& pool, void (*work)(Session&)) {
  asio::use_awaitable_t<Executor> token;
  auto start = [this, &pool, work](auto next) {
    pool.Submit(std::make_unique<HopJob<decltype(next)>>(*this, work, loop_.context, std::move(next)));
  };
  co_await asio::async_initiate<asio::use_awaitable_t<Executor>, void()>(std::move(start), token);
}

Task<void> Session::WaitWritable() {
  boost::system::error_code error;
  auto token = asio::redirect_error(kAwait, error);
  const bool for_read = tls_ && tls_->write_want() == TlsConnection::Want::kRead;
  co_await socket_.async_wait(for_read ? Socket::wait_read : Socket::wait_write, token);
  if (error) exchange_.gone = true;
}

// Sends what is prepared; write_timeout counts anew for each piece.
Task<void> Session::Flush() {
  std::size_t mark = exchange_.sent();
  Wait(Phase::kWrite, options_.write_timeout);
  while (exchange_.Send(socket_.native_handle(), tls_.get()) == Exchange::Sent::kPart) {
    if (exchange_.sent() - mark >= kPiece) {
      mark = exchange_.sent();
      Wait(Phase::kWrite, options_.write_timeout);
    }
    co_await WaitWritable();
    if (exchange_.gone) break;
  }
}

Task<void> Session::SendRest() {
  co_await Flush();
  if (exchange_.file_left() > 0 && !exchange_.gone) co_await SendFile();
  if (exchange_.Streaming() && !exchange_.gone) co_await SendStream();
}

Task<void> Session::SendFile() {
  std::uint64_t mark = exchange_.file_left();
  Wait(Phase::kWrite, options_.write_timeout);
  while (!exchange_.gone && exchange_.SendFile(socket_.native_handle(), tls_.get()) == Exchange::Sent::kPart) {
    if (mark - exchange_.file_left() >= kPiece) {
      mark = exchange_.file_left();
      Wait(Phase::kWrite, options_.write_timeout);
    }
    co_await WaitWritable();
  }
}

Task<void> Session::SendStream() {
  void (*const work)(Session&) = [](Session& session) { session.pulled_ = session.exchange_.PullChunk(); };
  bool more = true;
  while (more && !exchange_.gone) {
    WaitFreely();
    pulled_ = false;
    if (!loop_.shared.streams.Reserve()) break;
    co_await Hop(loop_.shared.streams, work);
    if (!pulled_ || (exchange_.ChunkIsEmpty() && PeerIsGone())) break;
    more = exchange_.PrepareChunk();
    co_await Flush();
  }
  if (more) exchange_.gone = true;  // without the last chunk, so that the client sees it is not complete
}

bool Session::PeerIsGone() {
  if (tls_) return tls_->PeerIsGone();
  char byte = 0;
  const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

// Reads and forgets what the client still sends, for a while: closing at once would make the kernel reset the connection, and the
// client could lose the reply.
Task<void> Session::Linger() {
  boost::system::error_code error;
  auto token = asio::redirect_error(kAwait, error);
  socket_.shutdown(Socket::shutdown_send, error);
  Wait(Phase::kLinger, kLingerTime);
  std::string rubbish(kLingerPiece, '\0');
  std::size_t total = 0;
  while (!error && total < kLingerBytes) {
    const asio::mutable_buffer buffer(rubbish.data(), rubbish.size());
    total += co_await socket_.async_read_some(buffer, token);
  }
}

void Session::Expire() {
  switch (phase_) {
    case Phase::kHead:
    case Phase::kBody: {
      loop_.shared.metrics.Refused("read_timeout");
      constexpr std::string_view kTimeout = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      if (tls_) {
        tls_->Write(kTimeout);
        break;
      }
      [[maybe_unused]] const ssize_t sent =
          ::send(socket_.native_handle(), kTimeout.data(), kTimeout.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      break;
    }
    case Phase::kWrite: loop_.shared.metrics.Refused("write_timeout"); break;
    case Phase::kHandshake: loop_.shared.metrics.Refused("tls"); break;
    case Phase::kIdle:
    case Phase::kHandler:
    case Phase::kLinger: break;
  }
  deadline_ = kNever;
  Close();
}

// Waits for a request of which nothing has come, not even to the kernel.
bool Session::IsIdle() {
  char byte = 0;
  if (phase_ == Phase::kHandshake) return true;
  return phase_ == Phase::kIdle && parser_.Empty() && ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

std::chrono::milliseconds TickOf(const ServerOptions& options) {
  const std::chrono::milliseconds shortest = std::min({options.read_timeout, options.idle_timeout, options.write_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
}

}  // namespace

class Loop::Impl {
 public:
  Impl(Shared& shared, std::size_t index)
      // Sockets and timers are touched by the loop's thread alone; others only post to it.
      : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
        work_(context_.get_executor()),
        timer_(context_),
        state_{.shared = shared, .context = context_},
        tick_(TickOf(shared.options)) {
    state_.id_prefix = shared.id_prefix + "-" + std::to_string(index) + "-";
  }

  void StartThread() {
    Tick();
    thread_ = std::thread([this] { Run(); });
  }

  void Add(int fd, std::string remote, bool refuse) {
    connections_.fetch_add(1, std::memory_order_relaxed);
    state_.shared.connections.fetch_add(1);
    state_.shared.metrics.connections.Add(1);
    asio::post(context_, [this, refuse, fd = OpenedFile(fd), remote = std::move(remote)]() mutable {
      Start(std::move(fd), std::move(remote), refuse);
    });
  }

  std::size_t Connections() const { return connections_.load(std::memory_order_relaxed); }

  void CloseWhere(bool only_idle) {
    asio::post(context_, [this, only_idle] {
      for (Session& session : sessions_) {
        if (!only_idle || session.IsIdle()) session.Close();
      }
    });
  }

  void StopThread() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    ::pthread_setname_np(::pthread_self(), "mlean-io");
    sigset_t signals;  // sendfile has no flag against SIGPIPE
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception& error) {
        log::Failure("http_loop_failed", {{"cause", error.what()}});
      }
    }
  }

  void Tick() {
    const Steady::time_point now = Steady::now();
    const std::chrono::seconds wall =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    if (wall != wall_) state_.date = HttpDate((wall_ = wall).count());
    for (Session& session : sessions_) {
      if (session.Expired(now)) session.Expire();
    }
    timer_.expires_at(now + tick_);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) Tick();
    });
  }

  void Start(OpenedFile fd, std::string remote, bool refuse) {
    boost::system::error_code error;
    Socket socket(context_);
    socket.assign(remote.starts_with('[') ? tcp::v6() : tcp::v4(), fd.fd(), error);
    if (error) return Uncount();
    fd.Release();
    sessions_.emplace_front(state_, std::move(socket), std::move(remote));
    const auto at = sessions_.begin();
    asio::co_spawn(context_, refuse ? at->TurnAway() : at->Serve(), [this, at](std::exception_ptr failure) { End(at, failure); });
  }

  void End(std::list<Session>::iterator at, const std::exception_ptr& error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& escaped) {
      log::Failure("http_connection_failed", {{"cause", escaped.what()}});
    }
    sessions_.erase(at);
    Uncount();
  }

  void Uncount() {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    Shared& shared = state_.shared;
    shared.metrics.connections.Add(-1);
    if (shared.connections.fetch_sub(1) == 1) {
      const std::lock_guard lock(shared.drained_mutex);
      shared.drained.notify_all();
    }
  }

  asio::io_context context_;  // first, so that it outlives the sockets; it destroys what is left of coroutines
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  LoopState state_;
  const std::chrono::milliseconds tick_;
  std::chrono::seconds wall_{-1};
  std::list<Session> sessions_;  // touched by the loop's thread only
  std::atomic<std::size_t> connections_ = 0;
  std::thread thread_;
};

Loop::Loop(Shared& shared, std::size_t index) : impl_(std::make_unique<Impl>(shared, index)) {}
Loop::~Loop() = default;
void Loop::StartThread() { impl_->StartThread(); }
void Loop::Add(int fd, std::string remote, bool refuse) { impl_->Add(fd, std::move(remote), refuse); }
std::size_t Loop::Connections() const { return impl_->Connections(); }
void Loop::CloseIdle() { impl_->CloseWhere(true); }
void Loop::CloseAll() { impl_->CloseWhere(false); }
void Loop::StopThread() { impl_->StopThread(); }

}  // namespace mlean::net

#if defined(__clang__)
#pragma clang attribute pop
#endif

#include "net/exchange.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <exception>
#include <system_error>

#include "base/log.hpp"
#include "net/inflate.hpp"
#include "net/reply_head.hpp"

namespace mlean::net {
namespace {

using Step = RequestParser::Step;

constexpr std::size_t kJoin = 16 * 1024;          // bodies up to this are sent in one piece with the head
constexpr std::uint64_t kFilePiece = 256 * 1024;  // of a file, in one call
constexpr std::uint64_t kTlsPiece = 16 * 1024;    // of a file: a record of TLS
constexpr std::uint64_t kReadAhead = 2 * 1024 * 1024;
constexpr std::uint64_t kEncodedLimit = 64ull << 20;  // of a compressed body, which is never spooled
constexpr std::size_t kKeep = 64 * 1024;              // of a buffer between requests

bool IsSaneId(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

void Exchange::Settle() {
  if (in_flight_) shared_.metrics.in_flight.Add(-1);
  if (streaming_) shared_.active_streams.fetch_sub(1, std::memory_order_relaxed);
  in_flight_ = streaming_ = false;
}

void Exchange::Begin(std::string_view id_prefix, std::uint64_t& id_count) {
  const RequestHead& head = parser_.head();
  shared_.metrics.in_flight.Add(1);
  in_flight_ = true;
  route_ = nullptr;
  keep_alive = head.keep_alive;
  linger = begun_ = false;
  const std::size_t mark = std::min(head.target.find('?'), head.target.size());
  call_.method = head.method;
  call_.path = head.target.substr(0, mark);
  call_.query = head.target.substr(std::min(mark + 1, head.target.size()));
  call_.headers = head.headers;
  call_.body = call_.body_file = call_.body_sha256 = {};
  call_.remote = remote_;
  call_.secure = !shared_.options.tls_cert.empty();
  call_.capture_count = 0;
  call_.caller.reset();
  call_.arrived = std::chrono::steady_clock::now();
  const std::string_view sent_id = call_.Header("X-Request-Id");
  echo_id_ = IsSaneId(sent_id);
  if (echo_id_) {
    id_ = sent_id;
  } else {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof(digits), ++id_count, 16);
    id_.assign(id_prefix).append(digits, end.ptr);
  }
  call_.request_id = id_;
}

// A target in absolute form ("http://host/path", RFC 9112, 3.2.2) loses its authority.
Exchange::Next Exchange::ChooseRoute() {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!call_.path.starts_with(scheme)) continue;
    const std::size_t slash = call_.path.find('/', scheme.size());
    call_.path = slash == std::string_view::npos ? "/" : call_.path.substr(slash);
  }
  if (shared_.draining.load(std::memory_order_relaxed)) {
    Refuse(503, "draining", "cannot answer: the server is shutting down");
    keep_alive = false;
    LeaveBody();
    return Next::kAnswer;
  }
  Router::Match match = shared_.router.Find(call_);
  route_ = match.route;
  if (route_ == nullptr) no_route_ = std::move(match.reply);
  verdict_ = Gate::Verdict::kPass;
  asked_ = false;
  if (Gate* gate = shared_.options.gate) verdict_ = gate->Look(call_, route_, reply_);
  return ByVerdict();
}

void Exchange::AskGate() {
  std::string cause;
  try {
    if (verdict_ == Gate::Verdict::kWait) verdict_ = shared_.options.gate->LookLonger(call_, route_, reply_);
    if (verdict_ != Gate::Verdict::kPass || !AsksBeforeBody()) return;
    asked_ = true;
    std::optional<Reply> refusal = route_->options.refuse(call_);
    if (!refusal) return;
    reply_ = *std::move(refusal);
    verdict_ = Gate::Verdict::kRefuse;
    return;
  } catch (const std::exception& error) {
    cause = error.what();
  }
  log::Failure("http_gate_failed", {{"request_id", id_}, {"cause", cause}});
  reply_ = shared_.router.Error(500, "cannot answer: internal error, request id '" + id_ + "'", call_);
  verdict_ = Gate::Verdict::kRefuse;
}

Exchange::Next Exchange::PassedGate() {
  CHECK_BUG(verdict_ != Gate::Verdict::kWait);
  return ByVerdict();
}

Exchange::Next Exchange::ByVerdict() {
  if (verdict_ == Gate::Verdict::kWait) return Next::kGate;
  if (verdict_ == Gate::Verdict::kPass && route_ != nullptr) return LookAtBody();
  if (verdict_ == Gate::Verdict::kPass) reply_ = std::move(no_route_);
  LeaveBody();
  return Next::kAnswer;
}

bool Exchange::AsksBeforeBody() const {
  return route_ != nullptr && route_->options.refuse && parser_.head().HasBody() && !parser_.BodyIsHere();
}

Exchange::Next Exchange::LookAtBody() {
  const RequestHead& head = parser_.head();
  if (!head.HasBody()) {
    encoding_ = {};
    return Next::kGo;
  }
  encoding_ = call_.Header("Content-Encoding");
  if (EqualNoCase(encoding_, "identity")) encoding_ = {};
  const std::string_view expect = call_.Header("Expect");
  if (head.content_length > route_->options.max_body) {
    Refuse(413, "body_too_large", "cannot read request: its body is over " + std::to_string(route_->options.max_body) + " bytes");
  } else if (!encoding_.empty() && !CanInflate(encoding_)) {
    Refuse(415, "encoding", "cannot read request: its content encoding is not gzip, deflate or identity");
    reply_.With("Accept-Encoding", "gzip, deflate, identity");
  } else if (!expect.empty() && !EqualNoCase(expect, "100-continue")) {
    Refuse(417, "expectation", "cannot meet the request's Expect header: only 100-continue is known");
  } else {
    return AsksBeforeBody() && !asked_ ? Next::kGate : Next::kGo;
  }
  LeaveBody();
  return Next::kAnswer;
}

void Exchange::Refuse(int status, std::string_view reason, std::string_view message) {
  shared_.metrics.Refused(reason);
  reply_ = shared_.router.Error(status, message, call_);
  if (status == 503) reply_.With("Retry-After", "1");
}

void Exchange::RefuseAndEnd(int status, std::string_view reason, std::string_view message) {
  Refuse(status, reason, message);
  keep_alive = false;
  linger = true;
}

// The reply does not need the body: skips it when it is here, else the connection ends after the reply.
void Exchange::LeaveBody() {
  const RequestHead& head = parser_.head();
  if (!head.HasBody()) return;
  if (head.content_length <= kJoin && parser_.BodyIsHere() && parser_.ParseBody(body_, head.content_length, {}) == Step::kReady) {
    body_.Reset();
    return;
  }
  keep_alive = false;
  linger = true;
}

bool Exchange::WantsContinue() const { return parser_.head().http11 && !parser_.BodyIsHere() && call_.HasHeader("Expect"); }

Step Exchange::ParseBody() {
  const RouteOptions& options = route_->options;
  const std::uint64_t limit = encoding_.empty() ? options.max_body : std::min(options.max_body, kEncodedLimit);
  const std::string_view spool_dir = encoding_.empty() ? std::string_view(options.spool_dir) : std::string_view();
  const Step step = parser_.ParseBody(body_, limit, spool_dir, options.hash_spooled);
  if (step == Step::kBad) {
    const bool too_large = parser_.error_status() == 413;
    RefuseAndEnd(parser_.error_status(), too_large ? "body_too_large" : "bad_request", parser_.error_text());
    body_.Reset();  // at once: the disk may be full, and the connection lingers
  } else if (step == Step::kReady && body_.Finish() != RequestBody::Outcome::kOk) {
    RefuseAndEnd(507, "bad_request", "cannot store the request's body: " + body_.cause());
    return Step::kBad;
  }
  return step;
}

bool Exchange::AnsweredAtOnce() {
  const auto& at_once = route_->options.at_once;
  if (!at_once || !encoding_.empty() || !body_.file().empty() || shared_.metrics.in_flight.Value() > 1) return false;
  try {
    call_.body = body_.text();
    std::optional<Reply> reply = at_once(call_);
    if (!reply) return false;
    reply_ = *std::move(reply);
  } catch (const std::exception& error) {
    Failed(error.what());
  } catch (...) {
    Failed("unknown exception");
  }
  return true;
}

void Exchange::Invoke() {
  try {
    return Handle();
  } catch (const std::exception& error) {
    Failed(error.what());
  } catch (...) {
    Failed("unknown exception");
  }
}

void Exchange::Failed(std::string_view cause) {
  log::Failure("http_handler_failed", {{"request_id", id_}, {"route", route_->pattern}, {"cause", std::string(cause)}});
  reply_ = shared_.router.Error(500, "cannot answer: internal error, request id '" + id_ + "'", call_);
}

void Exchange::Handle() {
  if (!encoding_.empty()) {
    switch (body_.Inflate(encoding_)) {
      case RequestBody::Outcome::kOk: break;
      case RequestBody::Outcome::kTooLarge: return Refuse(413, "body_too_large", "cannot read request: its body is too large");
      case RequestBody::Outcome::kIo: return Refuse(400, "bad_request", "cannot read request: its body does not decompress");
    }
  }
  if (parser_.head().HasBody()) {
    call_.body = body_.file().empty() ? body_.text() : std::string_view();
    call_.body_file = body_.file();
    call_.body_sha256 = body_.Sha256();
  }
  reply_ = route_->handler(call_);
  if (reply_.status == 413) shared_.metrics.Refused("content_too_large");
}

void Exchange::Prepare(std::string_view date) {
  begun_ = true;
  ApplyIfNoneMatch(call_, reply_);
  if (reply_.stream && !reply_.file && call_.method != "HEAD" &&
      shared_.active_streams.fetch_add(1, std::memory_order_relaxed) >= shared_.options.max_streams) {
    shared_.active_streams.fetch_sub(1, std::memory_order_relaxed);
    Refuse(503, "streams", "cannot answer: too many streams are open");
  }
  const RequestHead& head = parser_.head();
  const bool head_only = call_.method == "HEAD";
  const bool has_file = reply_.file && PrepareFile();
  streaming_ = !has_file && reply_.stream && !head_only;
  chunked_ = streaming_ && head.http11;
  const std::string_view body = !reply_.body.empty() ? std::string_view(reply_.body) : reply_.static_body;
  const bool bodiless = reply_.status == 204 || reply_.status == 304 || reply_.status < 200;
  if (shared_.draining.load(std::memory_order_relaxed) || (streaming_ && !chunked_)) keep_alive = false;

  HeadFacts facts{
      .http11 = head.http11, .keep_alive = keep_alive, .chunked = chunked_, .content_length = {}, .date = date, .request_id = {}};
  if (has_file) {
    facts.content_length = file_left_;
  } else if (!bodiless && !reply_.stream) {
    facts.content_length = body.size();
  }
  if (echo_id_ || reply_.status >= 400) facts.request_id = id_;
  out_.clear();
  AppendHead(out_, reply_, facts);
  tail_ = {};
  sent_ = 0;
  if (head_only || bodiless) {
    file_left_ = 0;
  } else if (body.size() <= kJoin) {
    out_ += body;
  } else {
    tail_ = body;
  }
}

void Exchange::PrepareRaw(std::string_view text) {
  out_ = text;
  tail_ = {};
  sent_ = 0;
}

// False: the reply has become an error without a file.
bool Exchange::PrepareFile() {
  const FileBody wanted = *std::move(reply_.file);
  reply_.file.reset();
  file_.Reset(::open(wanted.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // non-blocking: a FIFO must not hang the loop
  struct stat facts {};
  if (file_.fd() < 0 || ::fstat(file_.fd(), &facts) != 0) {
    Unreadable(errno);
    return false;
  }
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  if (!S_ISREG(facts.st_mode) || wanted.offset > size) {
    Unreadable(S_ISREG(facts.st_mode) ? EIO : ENOENT);
    return false;
  }
  const std::uint64_t length = std::min(wanted.length.value_or(size - wanted.offset), size - wanted.offset);
  const ByteRange range = ParseRange(UsableRange(call_, reply_), length);
  std::uint64_t skip = 0;
  file_left_ = length;
  switch (range.kind) {
    case ByteRange::Kind::kWhole: break;
    case ByteRange::Kind::kPart:
      skip = range.first;
      file_left_ = range.last - range.first + 1;
      reply_.status = 206;
      reply_.With("Content-Range",
                  "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + std::to_string(length));
      break;
    case ByteRange::Kind::kBad:
      file_.Reset(-1);
      file_left_ = 0;
      reply_ = shared_.router.Error(416, "cannot send range: the file has " + std::to_string(length) + " bytes", call_);
      reply_.With("Content-Range", "bytes */" + std::to_string(length));
      return false;
  }
  reply_.With("Accept-Ranges", "bytes");
  file_at_ = static_cast<std::int64_t>(wanted.offset + skip);
  // Has the kernel fetch ahead, so that sendfile seldom waits for the disk.
  ::posix_fadvise(file_.fd(), file_at_, static_cast<off_t>(file_left_), POSIX_FADV_SEQUENTIAL);
  ::posix_fadvise(file_.fd(), file_at_, static_cast<off_t>(std::min(file_left_, kReadAhead)), POSIX_FADV_WILLNEED);
  return true;
}

void Exchange::Unreadable(int error) {
  file_.Reset(-1);
  file_left_ = 0;
  const bool missing = error == ENOENT || error == ENOTDIR;
  if (!missing) log::Failure("http_file_failed", {{"request_id", id_}, {"cause", std::generic_category().message(error)}});
  reply_ = missing ? shared_.router.Error(404, "cannot find '" + std::string(call_.path) + "': no such file", call_)
                   : shared_.router.Error(500, "cannot read file, request id '" + id_ + "'", call_);
}

Exchange::Sent Exchange::Send(int socket, TlsConnection* tls) {
  if (tls != nullptr) return SendByTls(*tls);
  while (sent_ < out_.size() + tail_.size()) {
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (file_left_ > 0 ? MSG_MORE : 0);
    const std::size_t from_out = std::min(sent_, out_.size());
    const std::size_t from_tail = sent_ - from_out;
    iovec parts[2] = {{out_.data() + from_out, out_.size() - from_out},
                      {const_cast<char*>(tail_.data()) + from_tail, tail_.size() - from_tail}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t done =
        tail_.empty() ? ::send(socket, parts[0].iov_base, parts[0].iov_len, flags) : ::sendmsg(socket, &message, flags);
    if (done >= 0) {
      sent_ += static_cast<std::size_t>(done);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Sent::kPart;
    } else if (errno != EINTR) {
      gone = true;
      return Sent::kBroken;
    }
  }
  return Sent::kAll;
}

// A piece at most, so that other connections of the loop get their turn.
Exchange::Sent Exchange::SendFile(int socket, TlsConnection* tls) {
  if (tls != nullptr) return SendFileByTls(*tls);
  off_t at = file_at_;
  const ssize_t done = ::sendfile(socket, file_.fd(), &at, static_cast<std::size_t>(std::min(file_left_, kFilePiece)));
  if (done > 0) {
    file_at_ = at;
    file_left_ -= static_cast<std::uint64_t>(done);
    return file_left_ == 0 ? Sent::kAll : Sent::kPart;
  }
  if (done < 0 && (errno == EAGAIN || errno == EINTR)) return Sent::kPart;
  gone = true;  // the file shrank, or the client left: the length that was promised cannot be kept
  return Sent::kBroken;
}

Exchange::Sent Exchange::SendByTls(TlsConnection& tls) {
  while (sent_ < out_.size() + tail_.size()) {
    const bool in_out = sent_ < out_.size();
    const TlsConnection::Moved moved =
        tls.Write(in_out ? std::string_view(out_).substr(sent_) : tail_.substr(sent_ - out_.size()));
    if (moved.bytes == 0 && moved.want == TlsConnection::Want::kEnd) {
      gone = true;
      return Sent::kBroken;
    }
    if (moved.bytes == 0) return Sent::kPart;
    sent_ += moved.bytes;
  }
  return Sent::kAll;
}

Exchange::Sent Exchange::SendFileByTls(TlsConnection& tls) {
  std::uint64_t turn = kFilePiece;
  while (file_left_ > 0 && turn > 0) {
    if (file_piece_.empty()) {
      file_piece_.resize(static_cast<std::size_t>(std::min(file_left_, kTlsPiece)));
      const ssize_t got = ::pread(file_.fd(), file_piece_.data(), file_piece_.size(), file_at_);
      file_piece_.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
    }
    const TlsConnection::Moved moved = tls.Write(file_piece_);
    if (moved.bytes == 0 && moved.want == TlsConnection::Want::kEnd) break;
    if (moved.bytes == 0) return Sent::kPart;
    file_piece_.erase(0, moved.bytes);
    file_at_ += static_cast<std::int64_t>(moved.bytes);
    file_left_ -= moved.bytes;
    turn -= std::min<std::uint64_t>(turn, moved.bytes);
  }
  if (file_left_ == 0) return Sent::kAll;
  if (turn == 0) return Sent::kPart;
  gone = true;  // as with sendfile
  return Sent::kBroken;
}

bool Exchange::PullChunk() {
  chunk_.clear();
  std::string cause;
  try {
    Result<bool> more = reply_.stream(chunk_);
    if (more) {
      more_ = *more;
      return true;
    }
    cause = more.error().what;
  } catch (const std::exception& error) {
    cause = error.what();
  } catch (...) {
    cause = "unknown exception";
  }
  log::Failure("http_stream_failed", {{"request_id", id_}, {"route", route_->pattern}, {"cause", std::string(cause)}});
  return false;
}

bool Exchange::PrepareChunk() {
  // Events can be taken up again elsewhere; any other stream must not look complete before it is.
  if (shared_.draining.load(std::memory_order_relaxed) && reply_.content_type.starts_with("text/event-stream")) more_ = false;
  PrepareRaw({});
  if (!chunk_.empty()) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof(digits), chunk_.size(), 16);
    if (chunked_) out_.append(digits, end.ptr).append("\r\n");
    out_ += chunk_;
    if (chunked_) out_ += "\r\n";
  }
  if (!more_ && chunked_) out_ += "0\r\n\r\n";
  return more_;
}

void Exchange::Finish(std::chrono::steady_clock::time_point now) {
  const int status = begun_ ? reply_.status : 499;
  shared_.metrics.Answered(route_, call_.method, status, std::chrono::duration<double>(now - call_.arrived).count());
  Settle();
  file_.Reset(-1);
  file_left_ = 0;
  std::string().swap(file_piece_);
  body_.Reset();
  reply_ = Reply{};
  tail_ = {};
  if (out_.capacity() > kKeep) std::string().swap(out_);
  if (chunk_.capacity() > kKeep) std::string().swap(chunk_);
}

}  // namespace mlean::net

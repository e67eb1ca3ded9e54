#include "net/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <utility>

#include "base/result.hpp"

namespace mlean::net {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;

constexpr std::size_t kMaxHeaders = 200;
constexpr std::size_t kBulk = 256 * 1024;
constexpr std::uint64_t kBulkAfter = 1024 * 1024;  // bytes that a client must have sent before it is given as much

// What is left of a chunked body that has not ended is never shorter: "0\r\n\r\n". Beast (1.81) takes it for granted: fed "0\r\n"
// and then one byte more, its parser fails an assertion.
constexpr std::size_t kShortestChunkedEnd = 5;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Collects one head as views into the buffer, and the pieces of a chunked body.
class Grammar final : public http::basic_parser<true> {
 public:
  Grammar(RequestHead& head, const char* begin, const char* end) : head_(head), begin_(begin), end_(end) {}

  RequestBody* body = nullptr;
  RequestBody::Outcome outcome = RequestBody::Outcome::kOk;
  bool folded = false;
  bool other_coding = false;  // a Transfer-Encoding that is not plainly "chunked"
  int hosts = 0;
  bool head_done = false;

 private:
  void on_request_impl(http::verb, boost::beast::string_view method, boost::beast::string_view target, int version,
                       ErrorCode&) override {
    head_.method = View(method);
    head_.target = View(target);
    head_.http11 = version >= 11;
  }

  void on_field_impl(http::field field, boost::beast::string_view name, boost::beast::string_view value,
                     ErrorCode& error) override {
    if (head_done) return;  // trailers are not used
    // A folded value was joined in a buffer of Beast's own, which does not live long enough.
    folded = folded || (!value.empty() && (value.data() < begin_ || value.data() >= end_));
    hosts += field == http::field::host ? 1 : 0;
    other_coding = other_coding || (field == http::field::transfer_encoding && !EqualNoCase(View(value), "chunked"));
    if (head_.headers.size() >= kMaxHeaders) error = http::error::header_limit;
    if (!error) head_.headers.push_back({View(name), View(value)});
  }

  void on_header_impl(ErrorCode&) override { head_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(boost::beast::string_view text, ErrorCode& error) override { return Take(text, error); }
  void on_chunk_header_impl(std::uint64_t size, boost::beast::string_view, ErrorCode& error) override {
    if (body->Fits(size)) return;
    outcome = RequestBody::Outcome::kTooLarge;
    error = http::error::body_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view text, ErrorCode& error) override {
    return Take(text, error);
  }
  void on_finish_impl(ErrorCode&) override {}
  void on_response_impl(int, boost::beast::string_view, int, ErrorCode&) override {}

  std::size_t Take(boost::beast::string_view text, ErrorCode& error) {
    outcome = body->Append(View(text));
    if (outcome != RequestBody::Outcome::kOk) error = http::error::body_limit;
    return text.size();
  }

  RequestHead& head_;
  const char* begin_;
  const char* end_;
};

}  // namespace

struct RequestParser::Impl {
  explicit Impl(std::size_t header_limit_bytes)
      : header_limit(header_limit_bytes), capacity(header_limit_bytes + 16 * 1024), buffer(new char[capacity]) {
    head.headers.reserve(32);
    Restart();
  }

  void Restart() {
    head.headers.clear();
    head.method = head.target = {};
    head.http11 = head.keep_alive = head.chunked = false;
    head.content_length = 0;
    body_begun = false;
    bulk.reset();
    bulk_filled = 0;
    grammar.emplace(head, buffer.get(), buffer.get() + capacity);
    grammar->header_limit(static_cast<std::uint32_t>(header_limit));
    grammar->body_limit(boost::none);  // the route's limit is known only after the head
  }

  Step RefuseBody(const RequestBody& body, RequestBody::Outcome outcome) {
    return outcome == RequestBody::Outcome::kIo ? Refuse(507, "cannot store the request's body: " + body.cause())
                                                : Refuse(413, "cannot read request: its body is too large");
  }

  // Keeps the next bytes of a body of known length.
  Step Keep(RequestBody& body, std::string_view bytes) {
    const RequestBody::Outcome outcome = body.Append(bytes);
    if (outcome != RequestBody::Outcome::kOk) return RefuseBody(body, outcome);
    body_left -= bytes.size();
    return body_left == 0 ? Step::kReady : Step::kMore;
  }

  Step Refuse(int status, std::string text) {
    error_status = status;
    error_text = std::move(text);
    return Step::kBad;
  }

  // Feeds the unread bytes. kReady: nothing more to feed for now.
  Step Feed() {
    ErrorCode error;
    position += grammar->put({buffer.get() + position, size - position}, error);
    if (error == http::error::need_more) return Step::kMore;
    if (!error) return Step::kReady;
    if (error == http::error::header_limit) return Refuse(431, "cannot read request: its headers are too large");
    if (error == http::error::bad_version) return Refuse(505, "cannot read request: only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (grammar->outcome != RequestBody::Outcome::kOk) return RefuseBody(*grammar->body, grammar->outcome);
    return Refuse(400, "cannot read request: it is not valid HTTP");
  }

  Step CheckHead() {
    head.chunked = grammar->chunked();
    head.content_length = head.chunked ? 0 : grammar->content_length().value_or(0);
    head.keep_alive = grammar->keep_alive();
    if (grammar->folded) return Refuse(400, "cannot read request: folded header lines are not accepted");
    if (grammar->other_coding) return Refuse(501, "cannot read request: its transfer encoding is not 'chunked'");
    if (head.chunked && !head.http11) return Refuse(400, "cannot read request: chunks need HTTP/1.1");
    if (grammar->hosts > 1 || (head.http11 && grammar->hosts == 0))
      return Refuse(400, "cannot read request: it needs one Host header");
    return Step::kReady;
  }

  std::size_t header_limit;
  std::size_t capacity;
  std::unique_ptr<char[]> buffer;
  std::size_t position = 0;  // bytes of the buffer that are used up
  std::size_t size = 0;      // bytes of the buffer that are filled
  std::size_t head_end = 0;
  std::uint64_t body_left = 0;
  std::unique_ptr<char[]> bulk;  // set when a body turns out to be large: its bytes are read into here
  std::size_t bulk_filled = 0;
  bool body_begun = false;
  RequestHead head;
  std::optional<Grammar> grammar;
  int error_status = 0;
  std::string error_text;
};

RequestParser::RequestParser(std::size_t header_limit) : impl_(std::make_unique<Impl>(header_limit)) {}
RequestParser::~RequestParser() = default;

std::span<char> RequestParser::Space() {
  Impl& self = *impl_;
  if (self.bulk != nullptr) return {self.bulk.get(), static_cast<std::size_t>(std::min<std::uint64_t>(kBulk, self.body_left))};
  return {self.buffer.get() + self.size, self.capacity - self.size};
}
void RequestParser::Received(std::size_t bytes) { (impl_->bulk != nullptr ? impl_->bulk_filled : impl_->size) += bytes; }
bool RequestParser::Empty() const { return impl_->size == 0; }
bool RequestParser::BodyIsHere() const {
  return !impl_->head.chunked && impl_->size - impl_->position >= impl_->head.content_length;
}
const RequestHead& RequestParser::head() const { return impl_->head; }
int RequestParser::error_status() const { return impl_->error_status; }
std::string_view RequestParser::error_text() const { return impl_->error_text; }

RequestParser::Step RequestParser::ParseHead() {
  Impl& self = *impl_;
  if (self.position == 0) {  // empty lines before a request are skipped
    while (self.position < self.size && (self.buffer[self.position] == '\r' || self.buffer[self.position] == '\n'))
      ++self.position;
    if (self.position == self.size) self.position = self.size = 0;
  }
  if (self.position == self.size) return Step::kMore;
  const Step step = self.Feed();
  if (step == Step::kBad) return step;
  if (!self.grammar->head_done) {
    return self.size >= self.header_limit ? self.Refuse(431, "cannot read request: its headers are too large") : Step::kMore;
  }
  self.head_end = self.position;
  return self.CheckHead();
}

RequestParser::Step RequestParser::ParseBody(RequestBody& body, std::uint64_t limit, std::string_view spool_dir, bool hash) {
  Impl& self = *impl_;
  if (!self.body_begun) {
    self.body_begun = true;
    self.body_left = self.head.content_length;
    self.grammar->body = &body;
    body.Begin(limit, spool_dir, self.head.content_length);
    if (hash) body.Hash();
  }
  if (self.head.chunked) {
    while (!self.grammar->is_done()) {
      const std::size_t before = self.position;
      const Step step = self.size - self.position >= kShortestChunkedEnd ? self.Feed() : Step::kMore;
      if (step == Step::kBad) return step;
      if (step == Step::kMore || self.position == before) break;
    }
    if (self.grammar->is_done()) return Step::kReady;
    // Makes room: what is used up of the body goes.
    std::memmove(self.buffer.get() + self.head_end, self.buffer.get() + self.position, self.size - self.position);
    self.size -= self.position - self.head_end;
    self.position = self.head_end;
    return self.size == self.capacity ? self.Refuse(400, "cannot read request: a chunk header or trailer is too large")
                                      : Step::kMore;
  }
  const char* const start = self.buffer.get() + self.position;
  const std::size_t here = self.size - self.position;
  if (self.body_left == self.head.content_length && self.body_left <= self.capacity - self.position) {
    if (here < self.body_left) return Step::kMore;
    body.Borrow({start, static_cast<std::size_t>(self.body_left)}, limit);
    self.position += static_cast<std::size_t>(self.body_left);
    self.body_left = 0;
    return Step::kReady;
  }
  if (self.bulk != nullptr) return self.Keep(body, {self.bulk.get(), std::exchange(self.bulk_filled, 0)});
  const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(here, self.body_left));
  const Step step = self.Keep(body, {start, take});
  self.position += take;
  if (step != Step::kMore) return step;
  self.size = self.position = self.head_end;
  if (self.head.content_length - self.body_left > kBulkAfter) self.bulk.reset(new char[kBulk]);
  return Step::kMore;
}

void RequestParser::Next() {
  Impl& self = *impl_;
  const std::size_t left = self.size - self.position;
  if (left > 0) std::memmove(self.buffer.get(), self.buffer.get() + self.position, left);
  self.size = left;
  self.position = 0;
  self.Restart();
}

}  // namespace mlean::net

#include "net/message.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "net/percent.hpp"

namespace mlean::net {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::optional<std::uint64_t> Digits(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

// Calls `use(key, value)` with the undecoded halves of each part until it returns false.
template <class Use>
void EachPart(std::string_view query, Use use) {
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const std::size_t equals = std::min(part.find('='), part.size());
    if (part.empty()) continue;
    if (!use(part.substr(0, equals), equals < part.size() ? part.substr(equals + 1) : std::string_view())) return;
  }
}

std::string QueryText(std::string_view text) {
  std::string out;
  if (!PercentDecode(text, out, true)) out = text;
  return out;
}

bool IsKey(std::string_view raw, std::string_view key) {
  return raw == key || (raw.find_first_of("%+") != std::string_view::npos && QueryText(raw) == key);
}

}  // namespace

bool EqualNoCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

Call Call::For(std::string_view method, std::string_view target, std::string_view body, std::span<const HeaderView> headers) {
  Call call;
  call.method = method;
  const std::size_t mark = std::min(target.find('?'), target.size());
  call.path = target.substr(0, mark);
  if (mark < target.size()) call.query = target.substr(mark + 1);
  call.body = body;
  call.headers = headers;
  call.remote = "127.0.0.1:0";
  call.request_id = "test";
  call.arrived = std::chrono::steady_clock::now();
  return call;
}

std::string_view Call::Path(std::string_view name) const {
  for (std::size_t i = 0; i < capture_count; ++i) {
    const Capture& capture = captures[i];
    if (capture.name != name) continue;
    const std::string_view text = capture.decoded ? std::string_view(decoded_path) : path;
    return text.substr(std::min<std::size_t>(capture.offset, text.size()), capture.size);
  }
  return {};
}

std::optional<std::string> Call::Query(std::string_view key) const {
  std::optional<std::string> found;
  EachPart(query, [&](std::string_view raw_key, std::string_view value) {
    if (IsKey(raw_key, key)) found = QueryText(value);
    return !found;
  });
  return found;
}

std::vector<std::string> Call::QueryAll(std::string_view key) const {
  std::vector<std::string> found;
  EachPart(query, [&](std::string_view raw_key, std::string_view value) {
    if (IsKey(raw_key, key)) found.push_back(QueryText(value));
    return true;
  });
  return found;
}

std::vector<std::pair<std::string, std::string>> Call::QueryPairs() const { return ParseQuery(query); }

std::string_view Call::Header(std::string_view name) const {
  for (const HeaderView& header : headers) {
    if (EqualNoCase(header.name, name)) return header.value;
  }
  return {};
}

bool Call::HasHeader(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [name](const HeaderView& header) { return EqualNoCase(header.name, name); });
}

Reply Reply::Json(int status, std::string body) {
  return Reply{.status = status, .content_type = "application/json", .body = std::move(body)};
}
Reply Reply::Text(int status, std::string body) {
  return Reply{.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}
Reply Reply::Html(int status, std::string body) {
  return Reply{.status = status, .content_type = "text/html; charset=utf-8", .body = std::move(body)};
}
Reply Reply::NoContent() { return Reply{.status = 204}; }
Reply Reply::File(std::string path, std::string content_type) {
  Reply reply{.content_type = std::move(content_type)};
  reply.file.emplace().path = std::move(path);
  return reply;
}
Reply Reply::Stream(std::string content_type, PullStream stream) {
  Reply reply{.content_type = std::move(content_type)};
  reply.stream = std::move(stream);
  return reply;
}
Reply Reply::Redirect(std::string location, int status) {
  Reply reply{.status = status};
  reply.With("Location", std::move(location));
  return reply;
}

Reply& Reply::With(std::string_view name, std::string value) & {
  if (headers.empty()) headers.reserve(4);
  headers.push_back({name, std::move(value)});
  return *this;
}
Reply&& Reply::With(std::string_view name, std::string value) && {
  With(name, std::move(value));
  return std::move(*this);
}

ByteRange ParseRange(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (header.size() < kUnit.size() || !EqualNoCase(header.substr(0, kUnit.size()), kUnit)) return {};
  const std::string_view spec = Trim(header.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return {};
  const std::string_view first_text = spec.substr(0, dash);
  const std::string_view last_text = spec.substr(dash + 1);
  const std::optional<std::uint64_t> first = Digits(first_text);
  const std::optional<std::uint64_t> last = Digits(last_text);
  if ((!first && !first_text.empty()) || (!last && !last_text.empty()) || (!first && !last)) return {};
  if (!first) {  // the last n bytes
    if (*last == 0 || size == 0) return {ByteRange::Kind::kBad};
    return {ByteRange::Kind::kPart, size - std::min(size, *last), size - 1};
  }
  if (last && *last < *first) return {};
  if (*first >= size) return {ByteRange::Kind::kBad};
  return {ByteRange::Kind::kPart, *first, std::min(last.value_or(size - 1), size - 1)};
}

namespace {
struct Name {
  int status;
  std::string_view text;
};
constexpr Name kStatusNames[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};
}  // namespace

std::string_view StatusText(int status) {
  for (const Name& name : kStatusNames) {
    if (name.status == status) return name.text;
  }
  return "Status";
}

}  // namespace mlean::net

#include "net/reply_head.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace mlean::net {
namespace {

constexpr std::array<bool, 256> MakeTokens() {
  std::array<bool, 256> tokens{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) tokens[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) tokens[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c)
    tokens[static_cast<unsigned char>(c)] = tokens[static_cast<unsigned char>(c - 'a' + 'A')] = true;
  return tokens;
}
constexpr std::array<bool, 256> kTokens = MakeTokens();

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return kTokens[static_cast<unsigned char>(c)]; });
}

void AppendLine(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  const std::size_t start = out.size();
  out += value;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; },
      ' ');
  out += "\r\n";
}

void AppendNumber(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number);
  out.append(digits, end.ptr);
}

void AppendStatusLine(std::string& out, int status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  AppendNumber(out, static_cast<std::uint64_t>(std::clamp(status, 100, 999)));
  out += ' ';
  out += StatusText(status);
  out += "\r\n";
}

// Without the mark of a weak tag: ranges aside, If-None-Match compares weakly (RFC 9110, 8.8.3.2).
std::string_view Opaque(std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; }

}  // namespace

void AppendHead(std::string& out, const Reply& reply, const HeadFacts& facts) {
  AppendStatusLine(out, reply.status);
  if (!reply.content_type.empty()) AppendLine(out, "Content-Type", reply.content_type);
  if (facts.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (facts.content_length) {
    out += "Content-Length: ";
    AppendNumber(out, *facts.content_length);
    out += "\r\n";
  }
  out += "X-Content-Type-Options: nosniff\r\nDate: ";
  out += facts.date;
  out += "\r\n";
  if (!facts.keep_alive) {
    out += "Connection: close\r\n";
  } else if (!facts.http11) {
    out += "Connection: keep-alive\r\n";
  }
  if (!facts.request_id.empty()) AppendLine(out, "X-Request-Id", facts.request_id);
  for (const ReplyHeader& header : reply.headers) {
    if (IsToken(header.name)) AppendLine(out, header.name, header.value);
  }
  out += "\r\n";
}

std::string_view HeaderOf(const Reply& reply, std::string_view name) {
  for (const ReplyHeader& header : reply.headers) {
    if (EqualNoCase(header.name, name)) return header.value;
  }
  return {};
}

void ApplyIfNoneMatch(const Call& call, Reply& reply) {
  if (reply.status != 200 || reply.headers.empty() || (call.method != "GET" && call.method != "HEAD")) return;
  const std::string_view etag = HeaderOf(reply, "ETag");
  if (etag.empty()) return;
  std::string_view wanted = call.Header("If-None-Match");
  bool match = wanted == "*";
  while (!match && !wanted.empty()) {
    const std::string_view one = wanted.substr(0, wanted.find(','));
    wanted.remove_prefix(std::min(wanted.size(), one.size() + 1));
    match = Opaque(Trim(one)) == Opaque(etag);
  }
  if (!match) return;
  reply.status = 304;
  reply.content_type.clear();
  reply.body.clear();
  reply.static_body = {};
  reply.file.reset();
  reply.stream = nullptr;
}

std::string_view UsableRange(const Call& call, const Reply& reply) {
  if (reply.status != 200 || call.method != "GET") return {};
  const std::string_view range = call.Header("Range");
  const std::string_view if_range = call.Header("If-Range");
  const bool same = if_range.empty() || (!if_range.starts_with("W/") && if_range == HeaderOf(reply, "ETag"));
  return same ? range : std::string_view();
}

std::string HttpDate(std::int64_t seconds) {
  constexpr std::string_view kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970-01-01 was a Thursday
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::int64_t days = seconds / 86'400;
  const std::int64_t rest = seconds % 86'400;
  const CivilDate date = CivilFromDays(days);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[days % 7], date.day, kMonths[date.month - 1], date.year,
                     rest / 3600, rest / 60 % 60, rest % 60);
}

}  // namespace mlean::net

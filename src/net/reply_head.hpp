// The status line and headers of a reply as text, and what conditional headers make of a reply. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/message.hpp"

namespace mlean::net {

struct HeadFacts {
  bool http11 = true;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;  // nothing for 204, 304 and for bodies that end with the connection
  std::string_view date;                        // "Tue, 15 Nov 1994 08:12:31 GMT"
  std::string_view request_id;                  // left out when empty
};

// Appends the head including the empty line. Header values lose CR, LF and NUL; headers with a wrong name are left out.
void AppendHead(std::string& out, const Reply& reply, const HeadFacts& facts);

// Turns a 200 with an "ETag" header into 304 without a body when If-None-Match of `call` names it.
void ApplyIfNoneMatch(const Call& call, Reply& reply);

// The Range header of `call` as far as it counts for a 200 (If-Range must name the reply's ETag).
std::string_view UsableRange(const Call& call, const Reply& reply);

// The value of a reply's header, "" when absent.
std::string_view HeaderOf(const Reply& reply, std::string_view name);

// IMF-fixdate (RFC 9110, 5.6.7) of seconds since 1970.
std::string HttpDate(std::int64_t seconds);

}  // namespace mlean::net

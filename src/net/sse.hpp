// Server-sent events (WHATWG HTML, section 9.2): how an event is written. The content type is kEventStream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mlean::net {

inline constexpr std::string_view kEventStream = "text/event-stream";

// Appends one event. `event` and `id` are left out when empty; line breaks in them become blanks. Every line of `data` (LF, CRLF
// or CR) becomes one data: line, so the receiver gets it back joined by LF.
void AppendEvent(std::string& out, std::string_view data, std::string_view event = {}, std::string_view id = {});
// Appends a comment line, which receivers ignore: keeps proxies from closing a quiet stream.
void AppendComment(std::string& out, std::string_view text = "keep-alive");
// Appends the delay after which a receiver should reconnect.
void AppendRetry(std::string& out, std::int64_t retry_ms);

}  // namespace mlean::net

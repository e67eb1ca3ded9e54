#include "net/sse.hpp"

#include <algorithm>

namespace mlean::net {
namespace {

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  for (const char c : value) out += c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
  out += '\n';
}

}  // namespace

void AppendEvent(std::string& out, std::string_view data, std::string_view event, std::string_view id) {
  if (!event.empty()) AppendField(out, "event: ", event);
  if (!id.empty()) AppendField(out, "id: ", id);
  for (;;) {
    const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
    out += "data: ";
    out += data.substr(0, end);
    out += '\n';
    if (end == data.size()) break;
    data.remove_prefix(data.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  out += '\n';
}

void AppendComment(std::string& out, std::string_view text) {
  AppendField(out, ": ", text);
  out += '\n';
}

void AppendRetry(std::string& out, std::int64_t retry_ms) { AppendField(out, "retry: ", std::to_string(retry_ms)); }

}  // namespace mlean::net

#include "notify/alert.hpp"

#include <algorithm>

namespace mlean::notify {

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kCritical: return "critical";
  }
  return "warning";
}

std::optional<Severity> ParseSeverity(std::string_view name) {
  for (const Severity severity : {Severity::kInfo, Severity::kWarning, Severity::kCritical}) {
    if (name == SeverityName(severity)) return severity;
  }
  return std::nullopt;
}

bool Wants(const Channel& channel, std::string_view kind) {
  if (channel.on.empty()) return true;
  return std::any_of(channel.on.begin(), channel.on.end(), [kind](std::string_view pattern) {
    if (pattern.ends_with("*")) return kind.starts_with(pattern.substr(0, pattern.size() - 1));
    return kind == pattern;
  });
}

}  // namespace mlean::notify

// Alert: one thing that somebody should hear of; Channel: where alerts go. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "codec/json.hpp"

namespace mlean::notify {

enum class Severity : std::uint8_t { kInfo, kWarning, kCritical };
std::string_view SeverityName(Severity severity);  // "info", "warning", "critical"
std::optional<Severity> ParseSeverity(std::string_view name);

struct Alert {
  std::string id = {};  // UUIDv7, given by Enqueue; sent as Idempotency-Key
  std::string kind;     // "validation.failed", "drift.critical", …
  Severity severity = Severity::kWarning;
  std::string title;
  std::string text;
  codec::Json fields = codec::Json::Object{};  // an object; shown as a table
  std::string dedup_key = {};                  // not empty: a second alert with the same key is not sent
  TimeMs created = 0;
};

enum class ChannelKind : std::uint8_t { kFile, kWebhook, kSlack };

struct Channel {
  std::string name;  // unique, stable over restarts, never secret: deliveries are kept under it
  ChannelKind kind = ChannelKind::kFile;
  std::string target;                // file path or URL; a URL is a secret: it is in no log, error or table
  std::vector<std::string> on = {};  // kinds of alerts; "drift.*" matches by prefix; empty: all
};

// Whether `channel` wants alerts of `kind`.
bool Wants(const Channel& channel, std::string_view kind);

}  // namespace mlean::notify

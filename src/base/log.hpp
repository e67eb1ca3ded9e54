// Structured log: one JSON object a line on stderr, {"time","level","event",…fields}. Thread-safe; a line is one write.
// Log once, at the border where an error stops rising (a handler, a flow started by the scheduler, main); rooms return errors.
// Never log request bodies, feature values, tokens or environment values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace mlean::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };

struct Field {
  std::string_view key;
  std::string value;
};

// Lines below `level` are dropped. Verbs start at kWarn, the server at kInfo. MLEAN_LOG=debug|info|warn|error|off wins.
void SetLevel(Level level);
void Write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

inline void Info(std::string_view event, std::initializer_list<Field> fields = {}) { Write(Level::kInfo, event, fields); }
inline void Warn(std::string_view event, std::initializer_list<Field> fields = {}) { Write(Level::kWarn, event, fields); }
inline void Failure(std::string_view event, std::initializer_list<Field> fields = {}) { Write(Level::kError, event, fields); }

}  // namespace mlean::log

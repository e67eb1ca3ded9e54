#include "base/log.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "base/clock.hpp"

namespace mlean::log {
namespace {

std::atomic<Level> g_level{Level::kWarn};

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
    case Level::kOff: return "off";
  }
  return "off";
}

}  // namespace

void SetLevel(Level level) {
  if (const char* wanted = std::getenv("MLEAN_LOG"); wanted != nullptr) {
    for (const Level known : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kOff}) {
      if (NameOf(known) == wanted) level = known;
    }
  }
  g_level.store(level, std::memory_order_relaxed);
}

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  std::string line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"event\":", FormatTime(SystemClock().Now()), NameOf(level));
  AppendQuoted(line, event);
  for (const Field& field : fields) {
    line += ',';
    AppendQuoted(line, field.key);
    line += ':';
    AppendQuoted(line, field.value);
  }
  line += "}\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace mlean::log

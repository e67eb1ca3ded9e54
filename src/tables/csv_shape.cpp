#include "tables/csv_shape.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace mlean::tables {
namespace {

constexpr std::size_t kMaxHeaderBytes = 1 << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

}  // namespace

char GuessDelimiter(std::string_view header) {
  bool quoted = false;
  std::string plain;
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    if (!quoted) plain += c;
  }
  for (const char candidate : {',', ';', '\t', '|'}) {
    if (plain.find(candidate) != plain.npos) return candidate;
  }
  return ',';
}

Result<std::string> FirstLine(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    return Fail(errno == ENOENT ? Code::kNotFound : Code::kIo, fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  }
  std::string line;
  for (int c = std::getc(file.get()); c != EOF && c != '\n' && line.size() < kMaxHeaderBytes; c = std::getc(file.get())) {
    line += static_cast<char>(c);
  }
  if (std::ferror(file.get()) != 0) return Fail(Code::kIo, fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) return Fail(Code::kInvalid, fmt::format("cannot read '{}': no header in the first line", path));
  return line;
}

std::string FindRagged(const std::string& path, char delimiter) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return {};
  std::vector<char> buffer(1 << 16);
  std::size_t expected = 0;       // fields of the header
  std::size_t fields = 1;         // of the record under way
  std::uint64_t line = 1;         // physical line now
  std::uint64_t record_line = 1;  // where the record began
  bool quoted = false, empty = true;
  const auto end_record = [&]() -> std::string {
    if (empty) return {};
    if (expected == 0) {
      expected = fields;
    } else if (fields != expected) {
      return fmt::format("line {}: expected {} fields, found {}", record_line, expected, fields);
    }
    return {};
  };
  for (;;) {
    const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (size == 0) break;
    for (std::size_t i = 0; i < size; ++i) {
      const char c = buffer[i];
      if (c == '\n') ++line;
      // A doubled quote closes and opens again, which comes to the same.
      if (c == '"') quoted = !quoted;
      if (quoted || (c != '\n' && c != '\r')) empty = false;
      if (quoted) continue;
      if (c == delimiter) ++fields;
      if (c != '\n') continue;
      if (std::string wrong = end_record(); !wrong.empty()) return wrong;
      fields = 1;
      empty = true;
      record_line = line;
    }
  }
  if (quoted) return fmt::format("line {}: a quote is left open", record_line);
  return end_record();
}

}  // namespace mlean::tables

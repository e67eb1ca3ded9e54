#include "repo/ini.hpp"

#include <fmt/core.h>

#include <vector>

#include "codec/python_text.hpp"

namespace mlean::repo {
namespace {

using codec::Json;

Error NotQuotable(std::string_view value) {
  return Fail(Code::kInvalid, fmt::format("Value \"{}\" cannot be safely quoted.", value));
}

Result<std::string> SingleQuoted(std::string_view value) {
  const bool has_double = value.find('"') != value.npos;
  if (has_double && value.find('\'') != value.npos) return NotQuotable(value);
  const char quote = has_double ? '\'' : '"';
  return quote + std::string(value) + quote;
}

// ConfigObj._quote of a text: as little quoting as reads back the same. `long_form` allows triple quotes.
Result<std::string> Quoted(std::string_view value, bool long_form) {
  if (value.empty()) return std::string("\"\"");
  const bool both = value.find('\'') != value.npos && value.find('"') != value.npos;
  const bool newline = value.find('\n') != value.npos;
  if (long_form && (both || newline)) {
    const bool double_inside = value.find("\"\"\"") != value.npos;
    if (double_inside && value.find("'''") != value.npos) return NotQuotable(value);
    const std::string quote = double_inside ? "\"\"\"" : "'''";
    return quote + std::string(value) + quote;
  }
  if (newline) return NotQuotable(value);
  constexpr std::string_view kOuter = " \r\n\v\t'\"";
  const bool bare = kOuter.find(value.front()) == kOuter.npos && kOuter.find(value.back()) == kOuter.npos &&
                    value.find(',') == value.npos && value.find('#') == value.npos;
  if (bare) return std::string(value);
  return SingleQuoted(value);
}

// str(value) of a scalar.
std::string PlainText(const Json& value) {
  if (value.IsString()) return value.AsString();
  if (value.IsBool()) return value.AsBool() ? "True" : "False";
  if (value.IsDouble()) return codec::PythonFloat(value.AsDouble());
  return value.IsNull() ? "None" : value.Dump();
}

Result<std::string> ValueText(const Json& value) {
  if (!value.IsArray()) return Quoted(PlainText(value), true);
  const Json::Array& items = value.AsArray();
  if (items.empty()) return std::string(",");
  std::string out;
  for (const Json& item : items) {
    TRY(const std::string text, Quoted(PlainText(item), false));
    if (!out.empty()) out += ", ";
    out += text;
  }
  return items.size() == 1 ? out + "," : out;
}

Result<void> WriteSection(const Json::Object& section, std::size_t depth, std::string& out) {
  if (depth > kMaxIniDepth) return Fail(Code::kTooLarge, "the sections are nested too deep");
  const std::string indent(depth * 4, ' ');
  for (const auto& [key, value] : section) {
    if (value.IsObject()) continue;
    TRY(const std::string text, ValueText(value));
    TRY(const std::string name, Quoted(key, false));
    out += indent + name + " = " + text + "\n";
  }
  for (const auto& [key, value] : section) {
    if (!value.IsObject()) continue;
    TRY(const std::string name, Quoted(key, false));
    out += indent + std::string(depth + 1, '[') + name + std::string(depth + 1, ']') + "\n";
    TRYV(WriteSection(value.AsObject(), depth + 1, out));
  }
  return {};
}

}  // namespace

Result<std::string> WriteIni(const Json& tree) {
  std::string out;
  TRYV(WriteSection(tree.AsObject(), 0, out));
  return out.empty() ? std::string("\n") : out;
}

}  // namespace mlean::repo

#include "pipeline/template_text.hpp"

#include <fmt/core.h>

#include <cctype>

#include "codec/python_text.hpp"
#include "pipeline/template.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsSign(char c) { return c == '.' || c == '[' || c == ']'; }

// Python's shlex.quote.
std::string ShellQuoted(std::string_view text) {
  constexpr std::string_view kSafe = "@%+=:,./-_";
  bool safe = !text.empty();
  for (const char c : text) safe = safe && (std::isalnum(static_cast<unsigned char>(c)) != 0 || kSafe.find(c) != kSafe.npos);
  if (safe) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\"'\"'";
    } else {
      out += c;
    }
  }
  return out + "'";
}

Error Unexpected(std::string_view inner, std::size_t at, std::string_view expected) {
  const std::string text = fmt::format("${{{}}}", inner);
  const std::size_t place = at + 2;
  std::string column(place, ' ');
  return Fail(Code::kInvalid, fmt::format("{}\n{}^\nParseException: Expected {}, found '{}'  (at char {}), (line:1, col:{})",
                                          text, column, expected, text.substr(place, 1), place, place + 1));
}

// One member of a map as options.
Result<void> AddOption(std::string& out, const std::string& key, const Json& value, const ParsingOptions& options) {
  if (value.IsBool()) {
    if (value.AsBool()) {
      out += fmt::format("--{} ", key);
    } else if (options.boolean_optional) {
      out += fmt::format("--no-{} ", key);
    }
    return {};
  }
  if (value.IsString()) {
    out += fmt::format("--{} {} ", key, ShellQuoted(value.AsString()));
    return {};
  }
  if (!value.IsArray()) {
    out += fmt::format("--{} {} ", key, codec::PythonStr(value));
    return {};
  }
  bool first = true;
  for (const Json& item : value.AsArray()) {
    if (item.IsArray() || item.IsObject()) {
      return Fail(Code::kInvalid, fmt::format("Cannot interpolate nested iterable in '{}'", key));
    }
    const std::string text = item.IsString() ? ShellQuoted(item.AsString()) : codec::PythonStr(item);
    out += first || options.list_append ? fmt::format("--{} {} ", key, text) : text + " ";
    first = false;
  }
  return {};
}

Result<void> AddOptions(std::string& out, const std::string& prefix, const Json& map, const ParsingOptions& options) {
  for (const Json::Member& member : map.AsObject()) {
    const std::string key = prefix.empty() ? member.first : prefix + "." + member.first;
    TRYV(member.second.IsObject() ? AddOptions(out, key, member.second, options) : AddOption(out, key, member.second, options));
  }
  return {};
}

}  // namespace

std::vector<Expression> FindExpressions(std::string_view text) {
  std::vector<Expression> found;
  for (std::size_t at = text.find("${"); at != text.npos; at = text.find("${", at)) {
    if (at > 0 && text[at - 1] == '\\') {
      ++at;
      continue;
    }
    const std::size_t close = text.find_first_of("}\n", at + 2);
    if (close == text.npos || text[close] == '\n') {
      ++at;
      continue;
    }
    found.push_back({at, close + 1, text.substr(at + 2, close - at - 2)});
    at = close + 1;
  }
  return found;
}

Result<std::string> ParseExpression(std::string_view inner) {
  std::size_t at = 0;
  const auto word = [&](std::size_t from) {
    while (from < inner.size() && !IsSign(inner[from])) ++from;
    return from;
  };
  const auto blanks = [&](std::size_t from) {
    while (from < inner.size() && IsBlank(inner[from])) ++from;
    return from;
  };
  at = word(0);
  if (at == 0) return Unexpected(inner, 0, "!W:(.[])");
  std::string joined(inner.substr(0, at));
  for (;;) {
    const std::size_t sign = blanks(at);
    if (sign >= inner.size()) return joined;
    const bool index = inner[sign] == '[';
    const std::size_t end = word(sign + 1);
    const std::size_t close = blanks(end);
    const bool sound = end > sign + 1 && (inner[sign] == '.' || (index && close < inner.size() && inner[close] == ']'));
    if (!sound) return Unexpected(inner, sign, "end of text");
    joined.append(".").append(inner.substr(sign + 1, end - sign - 1));
    at = index ? close + 1 : end;
  }
}

Result<std::string> ValueText(const Json& value, const ParsingOptions& options) {
  if (value.IsBool()) return std::string(value.AsBool() ? "true" : "false");
  if (!value.IsObject()) return codec::PythonStr(value);
  std::string out;
  TRYV(AddOptions(out, "", value, options));
  while (!out.empty() && std::isspace(static_cast<unsigned char>(out.back())) != 0) out.pop_back();
  return out;
}

std::string_view PythonTypeName(const Json& value) {
  if (value.IsNull()) return "NoneType";
  if (value.IsBool()) return "bool";
  if (value.IsInt()) return "int";
  if (value.IsDouble() && value.Digits() == nullptr) return "float";
  if (value.IsString()) return "str";
  return value.IsArray() ? "list" : "dict";
}

}  // namespace mlean::pipeline

#include "check/sql_text.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace mlean::check {

using codec::Json;
using types::Kind;

namespace {

std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

std::string NumberLiteral(const Json& value) {
  if (value.IsBool()) return value.AsBool() ? "1" : "0";
  if (value.IsInt()) return fmt::format("{}", value.AsInt());
  // A cast text, not a decimal constant: that would be compared as DECIMAL.
  return fmt::format("'{}'::DOUBLE", FormatDouble(value.AsDouble()));
}

Error Misfit(const Json& value, std::string_view wanted) {
  return Fail(Code::kInvalid, fmt::format("{} is no {}", value.IsString() ? "'" + value.AsString() + "'" : value.Dump(), wanted));
}

}  // namespace

std::string Ident(std::string_view name) { return Quoted(name, '"'); }
std::string Quote(std::string_view text) { return Quoted(text, '\''); }

bool IsNumber(Kind kind) { return kind == Kind::kReal || kind == Kind::kInt || kind == Kind::kBool; }

Result<std::string> Literal(const SourceColumn& column, const Json& value) {
  switch (column.kind) {
    case Kind::kReal:
    case Kind::kInt:
      if (value.IsNumber() || value.IsBool()) return NumberLiteral(value);
      return Misfit(value, "number");
    case Kind::kBool:
      if (value.IsBool()) return std::string(value.AsBool() ? "true" : "false");
      if (value.IsNumber() && value.AsDouble() == 1) return std::string("true");
      if (value.IsNumber() && value.AsDouble() == 0) return std::string("false");
      return Misfit(value, "bool");
    case Kind::kTime: {
      if (!value.IsString()) return Misfit(value, "time");
      Result<TimeMs> time = ParseTime(value.AsString());
      if (!time) return Misfit(value, "time");
      std::string text = FormatTime(*time);
      text.pop_back();  // the Z: plain TIMESTAMP, all times are UTC
      return fmt::format("TIMESTAMP {}", Quote(text));
    }
    case Kind::kText:
      if (value.IsString()) return Quote(value.AsString());
      return Misfit(value, "text");
  }
  return Misfit(value, "value");
}

std::string InSet(const SourceColumn& column, const Json::Array& values) {
  std::string list;
  for (const Json& value : values) {
    if (value.IsNull()) continue;
    if (value.IsDouble() && !std::isfinite(value.AsDouble()) && column.kind != Kind::kReal) continue;
    Result<std::string> literal = Literal(column, value);
    if (!literal) continue;
    if (!list.empty()) list += ", ";
    list += *literal;
  }
  if (list.empty()) return "false";
  return fmt::format("({} IN ({}))", Ident(column.name), list);
}

std::string AsText(const SourceColumn& column) {
  const std::string name = Ident(column.name);
  if (column.kind == Kind::kText && column.sql_type == "VARCHAR") return name;
  if (column.kind == Kind::kBool) return fmt::format("(CASE WHEN {0} THEN 'True' WHEN NOT {0} THEN 'False' END)", name);
  return fmt::format("CAST({} AS VARCHAR)", name);
}

}  // namespace mlean::check

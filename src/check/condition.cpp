#include "check/condition.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/text.hpp"
#include "check/sql_text.hpp"

namespace mlean::check {

using codec::Json;
using types::Kind;
using Columns = std::vector<SourceColumn>;

namespace {

constexpr std::size_t kMaxTerms = 100;
constexpr int kMaxDepth = 50;
constexpr std::size_t kMaxText = 20'000;

// SQL of one comparison with pandas' treatment of missing values.
Result<std::string> Comparison(const SourceColumn& column, std::string_view op, const Json& value) {
  if (op == "in" || op == "not in") {
    if (!value.IsArray()) return Fail(Code::kInvalid, fmt::format("'{}' needs a list", op));
    const std::string in = fmt::format("coalesce({}, false)", InSet(column, value.AsArray()));
    return op == "in" ? in : "NOT " + in;
  }
  if (value.IsNull()) return Fail(Code::kInvalid, "comparison with null: use is_null");
  TRY(const std::string literal, Literal(column, value));
  if (op == "!=") return fmt::format("({} IS DISTINCT FROM {})", Ident(column.name), literal);
  return fmt::format("coalesce({} {} {}, false)", Ident(column.name), op == "==" ? "=" : op, literal);
}

std::string ColumnComparison(const SourceColumn& a, std::string_view op, const SourceColumn& b) {
  if (op == "!=") return fmt::format("({0} IS NULL OR {1} IS NULL OR {0} <> {1})", Ident(a.name), Ident(b.name));
  return fmt::format("coalesce({} {} {}, false)", Ident(a.name), op == "==" ? "=" : op, Ident(b.name));
}

struct Token {
  enum class Kind : std::uint8_t { kName, kText, kNumber, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
  bool quoted_name = false;  // in backticks: never a keyword
};

Result<std::vector<Token>> Tokens(std::string_view text) {
  std::vector<Token> tokens;
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++i;
    } else if (c == '\'' || c == '"' || c == '`') {
      std::string value;
      std::size_t end = i + 1;
      for (; end < text.size() && text[end] != c; ++end) {
        if (text[end] == '\\' && c != '`' && end + 1 < text.size()) ++end;
        value += text[end];
      }
      if (end >= text.size()) return Fail(Code::kInvalid, fmt::format("a quote is left open at position {}", i + 1));
      tokens.push_back({c == '`' ? Token::Kind::kName : Token::Kind::kText, value, c == '`'});
      i = end + 1;
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.') {
      std::size_t end = i + 1;
      while (end < text.size() && (is_word(text[end]) || text[end] == '.' ||
                                   ((text[end] == '-' || text[end] == '+') && std::tolower(text[end - 1]) == 'e'))) {
        ++end;
      }
      const std::string value(text.substr(i, end - i));
      if (value.size() > 1 && value[0] == '.' && std::isalpha(static_cast<unsigned char>(value[1])) != 0) {
        tokens.push_back({Token::Kind::kSymbol, ".", false});
        ++i;
        continue;
      }
      tokens.push_back({Token::Kind::kNumber, value, false});
      i = end;
    } else if (is_word(c)) {
      std::size_t end = i + 1;
      while (end < text.size() && is_word(text[end])) ++end;
      tokens.push_back({Token::Kind::kName, std::string(text.substr(i, end - i)), false});
      i = end;
    } else {
      std::string symbol(1, c);
      if (i + 1 < text.size() && std::string_view("=!<>").find(c) != std::string_view::npos && text[i + 1] == '=') symbol += '=';
      if (std::string_view("()[],&|~.<>").find(c) == std::string_view::npos && symbol != "==" && symbol != "!=") {
        return Fail(Code::kUnsupported, fmt::format("'{}' is not understood", symbol));
      }
      tokens.push_back({Token::Kind::kSymbol, symbol, false});
      i += symbol.size();
    }
  }
  tokens.push_back({});
  return tokens;
}

// Recursive descent: or < and < not < term.
class Parser {
 public:
  Parser(std::vector<Token> tokens, const Columns& columns) : tokens_(std::move(tokens)), columns_(columns) {}

  Result<std::string> Parse() {
    TRY(std::string sql, Or(0));
    if (Now().kind != Token::Kind::kEnd) return Fail(Code::kUnsupported, fmt::format("'{}' is not understood", Now().text));
    return sql;
  }

 private:
  const Token& Now() const { return tokens_[at_]; }
  bool Is(std::string_view text) const {
    return !Now().quoted_name && (Now().kind == Token::Kind::kSymbol || Now().kind == Token::Kind::kName) && Now().text == text;
  }
  bool Take(std::string_view text) {
    if (!Is(text)) return false;
    ++at_;
    return true;
  }
  Result<void> Need(std::string_view text) {
    if (Take(text)) return {};
    return Fail(Code::kInvalid, fmt::format("expected '{}', found '{}'", text, Now().text));
  }

  Result<std::string> Or(int depth) {
    if (depth > kMaxDepth) return Fail(Code::kTooLarge, "nested too deep");
    TRY(std::string sql, And(depth));
    while (Take("or") || Take("|")) {
      TRY(const std::string right, And(depth));
      sql = fmt::format("({} OR {})", sql, right);
    }
    return sql;
  }
  Result<std::string> And(int depth) {
    TRY(std::string sql, Not(depth));
    while (Take("and") || Take("&")) {
      TRY(const std::string right, Not(depth));
      sql = fmt::format("({} AND {})", sql, right);
    }
    return sql;
  }
  Result<std::string> Not(int depth) {
    if (depth > kMaxDepth) return Fail(Code::kTooLarge, "nested too deep");
    if (Take("not") || Take("~")) {
      TRY(const std::string inner, Not(depth + 1));
      return "(NOT " + inner + ")";
    }
    if (Take("(")) {
      TRY(std::string inner, Or(depth + 1));
      TRYV(Need(")"));
      return inner;
    }
    return Term();
  }

  Result<const SourceColumn*> ColumnName() {
    if (Take("col")) {
      TRYV(Need("("));
      const Token name = Now();
      if (name.kind != Token::Kind::kText) return Fail(Code::kInvalid, "col() needs a quoted name");
      ++at_;
      TRYV(Need(")"));
      return FindColumn(columns_, name.text);
    }
    if (Now().kind != Token::Kind::kName)
      return Fail(Code::kUnsupported, fmt::format("expected a column, found '{}'", Now().text));
    const std::string name = Now().text;
    ++at_;
    return FindColumn(columns_, name);
  }

  Result<std::string> NullTest(const SourceColumn& column) {
    const std::string name = ToLower(Now().text);
    const bool is_null = name == "isnull" || name == "isna" || name == "is_null";
    if (!is_null && name != "notnull" && name != "notna" && name != "is_not_null") {
      return Fail(Code::kUnsupported, fmt::format("'.{}' is not understood", Now().text));
    }
    ++at_;
    TRYV(Need("("));
    TRYV(Need(")"));
    return fmt::format("({} IS {}NULL)", Ident(column.name), is_null ? "" : "NOT ");
  }

  Result<Json> Value() {
    const Token token = Now();
    ++at_;
    if (token.kind == Token::Kind::kText) return Json(token.text);
    if (token.kind == Token::Kind::kNumber) {
      if (const auto integer = ParseInt(token.text)) return Json(*integer);
      if (const auto real = ParseDouble(token.text)) return Json(*real);
    }
    if (token.kind == Token::Kind::kName && !token.quoted_name) {
      if (token.text == "True" || token.text == "true") return Json(true);
      if (token.text == "False" || token.text == "false") return Json(false);
    }
    return Fail(Code::kInvalid, fmt::format("expected a value, found '{}'", token.text));
  }

  Result<Json> List() {
    const std::string_view close = Is("(") ? ")" : "]";
    if (!Take("[") && !Take("(")) return Fail(Code::kInvalid, "expected a list after 'in'");
    Json list = Json::Array{};
    while (!Take(close)) {
      TRY(Json value, Value());
      list.Push(std::move(value));
      if (Take(close)) break;
      TRYV(Need(","));
    }
    return list;
  }

  Result<std::string> Term() {
    if (++terms_ > kMaxTerms) return Fail(Code::kTooLarge, fmt::format("more than {} terms", kMaxTerms));
    TRY(const SourceColumn* const column, ColumnName());
    if (Take(".")) return NullTest(*column);
    for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!Take(op)) continue;
      const bool is_value =
          Now().kind != Token::Kind::kName || (!Now().quoted_name && Now().text != "col" && IsBoolWord(Now().text));
      if (is_value) {
        TRY(const Json value, Value());
        return Comparison(*column, op, value);
      }
      TRY(const SourceColumn* const other, ColumnName());
      return ColumnComparison(*column, op, *other);
    }
    if (Take("in")) {
      TRY(const Json list, List());
      return Comparison(*column, "in", list);
    }
    if (Take("not")) {
      TRYV(Need("in"));
      TRY(const Json list, List());
      return Comparison(*column, "not in", list);
    }
    // A bool column by itself is a condition.
    if (column->kind == Kind::kBool) return fmt::format("coalesce({}, false)", Ident(column->name));
    return Fail(Code::kUnsupported, fmt::format("'{}' after column '{}' is not understood", Now().text, column->name));
  }
  static bool IsBoolWord(std::string_view word) { return word == "True" || word == "true" || word == "False" || word == "false"; }

  std::vector<Token> tokens_;
  const Columns& columns_;
  std::size_t at_ = 0;
  std::size_t terms_ = 0;
};

Result<std::string> TextCondition(std::string_view text, const Columns& columns) {
  if (text.size() > kMaxText) return Fail(Code::kTooLarge, "row_condition too long");
  if (Trim(text).empty()) return std::string();
  TRY(std::vector<Token> tokens, Tokens(text));
  return Parser(std::move(tokens), columns).Parse();
}

Result<std::string> ColumnOf(const Json& object) {
  const Json* column = object.Find("column");
  if (column == nullptr) return Fail(Code::kInvalid, "'column' is missing");
  return column->IsString() ? Result<std::string>(column->AsString()) : column->StringAt("name");
}

Result<std::string> ObjectCondition(const Json& object, const Columns& columns, int depth, std::size_t& terms) {
  if (depth > kMaxDepth || ++terms > kMaxTerms) return Fail(Code::kTooLarge, fmt::format("more than {} terms", kMaxTerms));
  TRY(const std::string type, object.StringAt("type"));
  if (type == "pass_through") {
    TRY(const std::string text, object.StringAt("pass_through_filter"));
    return TextCondition(text, columns);
  }
  if (type == "and" || type == "or") {
    TRY(const Json* const parts, object.ArrayAt("conditions"));
    std::string sql;
    for (const Json& part : parts->AsArray()) {
      TRY(const std::string term, ObjectCondition(part, columns, depth + 1, terms));
      sql += sql.empty() ? term : (type == "and" ? " AND " : " OR ") + term;
    }
    return sql.empty() ? sql : "(" + sql + ")";
  }
  TRY(const std::string name, ColumnOf(object));
  TRY(const SourceColumn* const column, FindColumn(columns, name));
  if (type == "nullity") {
    TRY(const bool is_null, object.BoolAt("is_null"));
    return fmt::format("({} IS {}NULL)", Ident(name), is_null ? "" : "NOT ");
  }
  if (type != "comparison") return Fail(Code::kUnsupported, fmt::format("condition of type '{}'", type));
  TRY(const std::string op, object.StringAt("operator"));
  const Json* parameter = object.Find("parameter");
  if (parameter == nullptr) return Fail(Code::kInvalid, "'parameter' is missing");
  if (parameter->IsObject()) {
    TRY(const std::string other_name, parameter->StringAt("name"));
    TRY(const SourceColumn* const other, FindColumn(columns, other_name));
    return ColumnComparison(*column, op, *other);
  }
  const std::string lower = op == "IN" ? "in" : op == "NOT_IN" ? "not in" : op;
  constexpr std::array<std::string_view, 8> kKnown = {"==", "!=", "<", "<=", ">", ">=", "in", "not in"};
  if (std::find(kKnown.begin(), kKnown.end(), lower) == kKnown.end()) {
    return Fail(Code::kUnsupported, fmt::format("operator '{}'", op));
  }
  return Comparison(*column, lower, *parameter);
}

}  // namespace

Result<const SourceColumn*> FindColumn(const Columns& columns, std::string_view name) {
  for (const SourceColumn& column : columns) {
    if (column.name == name) return &column;
  }
  std::vector<std::string> names;
  for (const SourceColumn& column : columns) names.push_back(column.name);
  const std::string near = Nearest(name, names);
  return Fail(Code::kNotFound, fmt::format("no such column '{}'", name),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

Result<std::string> ConditionSql(const Json& row_condition, const Columns& columns) {
  if (row_condition.IsNull()) return std::string();
  std::size_t terms = 0;
  Result<std::string> sql = row_condition.IsString()   ? TextCondition(row_condition.AsString(), columns)
                            : row_condition.IsObject() ? ObjectCondition(row_condition, columns, 0, terms)
                                                       : Fail(Code::kInvalid, "neither text nor object");
  if (!sql) return std::move(sql).error().With("cannot use row_condition");
  return sql;
}

std::string ConditionText(const Json& condition) {
  if (condition.IsString()) return condition.AsString();
  if (!condition.IsObject()) return {};
  const std::string type = condition.StringAt("type", "").value_or("");
  if (type == "pass_through") return condition.StringAt("pass_through_filter", "").value_or("");
  if (const Json* parts = condition.Find("conditions"); parts != nullptr && parts->IsArray()) {
    std::vector<std::string> texts;
    for (const Json& part : parts->AsArray()) texts.push_back(ConditionText(part));
    return Join(texts, type == "or" ? " or " : " and ");
  }
  const std::string column = ColumnOf(condition).value_or("?");
  if (type == "nullity") return column + (condition.BoolAt("is_null", true).value_or(true) ? " is null" : " is not null");
  const Json* parameter = condition.Find("parameter");
  return fmt::format("{} {} {}", column, condition.StringAt("operator", "?").value_or("?"),
                     parameter == nullptr ? "?" : parameter->Dump());
}

}  // namespace mlean::check

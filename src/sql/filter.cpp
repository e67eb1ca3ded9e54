#include "sql/filter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mlean::sql {
namespace {

constexpr std::size_t kMaxList = 10'000;
constexpr std::size_t kMaxPattern = 1000;
constexpr std::ptrdiff_t kMaxWildcards = 16;

// LIKE's case-sensitive twin in SQLite is GLOB: '%' is '*', '_' is '?', GLOB's own special characters are quoted by [].
std::string GlobOf(std::string_view like) {
  std::string glob;
  for (const char c : like) {
    switch (c) {
      case '%': glob += '*'; break;
      case '_': glob += '?'; break;
      case '*':
      case '?':
      case '[': glob += {'[', c, ']'}; break;
      default: glob += c;
    }
  }
  return glob;
}

std::string_view Symbol(Op op) {
  switch (op) {
    case Op::kEq: return " = ";
    case Op::kNe: return " <> ";
    case Op::kLt: return " < ";
    case Op::kLe: return " <= ";
    case Op::kGt: return " > ";
    case Op::kGe: return " >= ";
    case Op::kLike: return " GLOB ";
    case Op::kILike: return " LIKE ";
    case Op::kIn: return " IN ";
    case Op::kNotIn: return " NOT IN ";
    case Op::kIsNull: return " IS NULL";
    case Op::kNotNull: return " IS NOT NULL";
  }
  return " = ";
}

Error Wrong(std::string_view key, std::string_view cause) {
  return Fail(Code::kInvalid, fmt::format("cannot search by '{}': {}", key, cause));
}

}  // namespace

void SelectText::Value(std::string_view value) {
  values_.emplace_back(std::string(value));
  text_ += '?';
}
void SelectText::Value(std::int64_t value) {
  values_.emplace_back(value);
  text_ += '?';
}
void SelectText::Value(double value) {
  values_.emplace_back(value);
  text_ += '?';
}

Result<void> SelectText::CompareText(std::string_view expression, std::string_view key, Op op, const Operand& value) {
  if (op == Op::kIn || op == Op::kNotIn) {
    const auto* const list = std::get_if<std::vector<std::string>>(&value);
    if (list == nullptr || list->size() > kMaxList) return Wrong(key, fmt::format("a list of at most {} is needed", kMaxList));
    if (list->empty()) {  // "()" is no SQL
      Add(op == Op::kIn ? "FALSE" : "TRUE");
      return {};
    }
    Add(expression);
    Add(Symbol(op));
    Add("(");
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) Add(", ");
      Value(std::string_view((*list)[i]));
    }
    Add(")");
    return {};
  }
  Add(expression);
  Add(Symbol(op));
  if (op == Op::kIsNull || op == Op::kNotNull) return {};
  const auto* const text = std::get_if<std::string>(&value);
  if (text == nullptr) return Wrong(key, "a text is needed");
  const bool pattern = op == Op::kLike || op == Op::kILike;
  if (pattern && (text->size() > kMaxPattern || std::count(text->begin(), text->end(), '%') > kMaxWildcards)) {
    return Wrong(key, "the pattern is too long or has too many wildcards");
  }
  Value(op == Op::kLike ? std::string_view(GlobOf(*text)) : std::string_view(*text));
  return {};
}

Result<void> SelectText::CompareNumber(std::string_view expression, std::string_view key, Op op, const Operand& value) {
  Add(expression);
  Add(Symbol(op));
  if (op == Op::kIsNull || op == Op::kNotNull) return {};
  if (op >= Op::kLike) return Wrong(key, "not a comparison of numbers");
  if (const auto* const whole = std::get_if<std::int64_t>(&value)) {
    Value(*whole);
  } else if (const auto* const real = std::get_if<double>(&value)) {
    Value(*real);
  } else {
    return Wrong(key, "a number is needed");
  }
  return {};
}

Result<Stmt> SelectText::Prepare(Conn& conn) const {
  TRY(Stmt stmt, conn.Prepare(text_));
  for (const auto& value : values_) {
    std::visit([&stmt](const auto& bound) { stmt.Bind(bound); }, value);
  }
  return stmt;
}

}  // namespace mlean::sql

#include "track/query_store.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::track {
namespace {

constexpr std::size_t kMaxClauses = 64;
constexpr std::size_t kMaxOrders = 32;
constexpr std::size_t kMaxPattern = 1000;
// The matcher backtracks: each '%' more multiplies the worst case.
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

}  // namespace

void QueryText::Value(std::string_view value) {
  values_.emplace_back(std::string(value));
  text_ += fmt::format("?{}", values_.size());
}
void QueryText::Value(std::int64_t value) {
  values_.emplace_back(value);
  text_ += fmt::format("?{}", values_.size());
}
void QueryText::Value(double value) {
  values_.emplace_back(value);
  text_ += fmt::format("?{}", values_.size());
}

Result<sql::Stmt> QueryText::Prepare(sql::Conn& conn) const {
  TRY(sql::Stmt stmt, conn.Prepare(text_));
  for (const auto& value : values_) {
    std::visit([&stmt](const auto& bound) { stmt.Bind(bound); }, value);
  }
  return stmt;
}

Result<void> AddTextCompare(QueryText& query, std::string_view expression, const Clause& clause) {
  query.Add(expression);
  query.Add(Symbol(clause.op));
  if (clause.op == Op::kIsNull || clause.op == Op::kNotNull) return {};
  if (clause.op == Op::kIn || clause.op == Op::kNotIn) {
    const auto* list = std::get_if<std::vector<std::string>>(&clause.value);
    if (list == nullptr || list->size() > 10000)
      return Fail(Code::kInvalid, fmt::format("cannot search by '{}': a list is needed", clause.key));
    query.Add("(");
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) query.Add(", ");
      query.Value(std::string_view((*list)[i]));
    }
    query.Add(")");
    return {};
  }
  const auto* text = std::get_if<std::string>(&clause.value);
  if (text == nullptr) return Fail(Code::kInvalid, fmt::format("cannot search by '{}': a text is needed", clause.key));
  if (clause.op == Op::kLike || clause.op == Op::kILike) {
    if (text->size() > kMaxPattern || std::count(text->begin(), text->end(), '%') > kMaxWildcards) {
      return Fail(Code::kInvalid,
                  fmt::format("cannot search by '{}': the pattern is too long or has too many wildcards", clause.key));
    }
    query.Value(clause.op == Op::kLike ? std::string_view(GlobOf(*text)) : std::string_view(*text));
    return {};
  }
  query.Value(std::string_view(*text));
  return {};
}

Result<void> AddNumberCompare(QueryText& query, std::string_view expression, const Clause& clause) {
  query.Add(expression);
  query.Add(Symbol(clause.op));
  if (clause.op == Op::kIsNull || clause.op == Op::kNotNull) return {};
  if (clause.op >= Op::kLike)
    return Fail(Code::kInvalid, fmt::format("cannot search by '{}': not a comparison of numbers", clause.key));
  if (const auto* whole = std::get_if<std::int64_t>(&clause.value)) {
    query.Value(*whole);
  } else if (const auto* real = std::get_if<double>(&clause.value)) {
    query.Value(*real);
  } else {
    return Fail(Code::kInvalid, fmt::format("cannot search by '{}': a number is needed", clause.key));
  }
  return {};
}

void AddView(QueryText& query, View view, std::string_view alias_deleted) {
  if (view == View::kAll) return;
  query.Add(" AND ");
  query.Add(alias_deleted);
  query.Add(view == View::kActiveOnly ? " = 0" : " = 1");
}

bool AddExperimentIds(QueryText& query, const std::vector<std::string>& ids) {
  bool any = false;
  query.Add("(");
  for (const std::string& id : ids) {
    const auto number = ParseInt(id);
    if (!number) continue;
    if (any) query.Add(", ");
    query.Value(*number);
    any = true;
  }
  query.Add(")");
  return any;
}

Result<void> CheckQuery(const Query& query) {
  if (query.where.size() > kMaxClauses)
    return Fail(Code::kInvalid, fmt::format("cannot search: more than {} clauses", kMaxClauses));
  if (query.order.size() > kMaxOrders)
    return Fail(Code::kInvalid, fmt::format("cannot search: more than {} order keys", kMaxOrders));
  std::set<std::pair<Field, std::string_view>> seen;
  for (const Order& order : query.order) {
    if (!seen.emplace(order.field, order.key).second) return Fail(Code::kInvalid, "`order_by` contains duplicate fields");
  }
  return {};
}

}  // namespace mlean::track

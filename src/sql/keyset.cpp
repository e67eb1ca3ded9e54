#include "sql/keyset.hpp"

namespace mlean::sql {
namespace {

bool Fits(const SortTerm& term, const SortValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  switch (term.kind) {
    case SortKind::kInteger: return std::holds_alternative<std::int64_t>(value);
    case SortKind::kReal: return std::holds_alternative<double>(value);
    case SortKind::kText: return std::holds_alternative<std::string>(value);
  }
  return false;
}

void AddValue(SelectText& text, const SortValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value))
    text.Value(*whole);
  else if (const auto* real = std::get_if<double>(&value))
    text.Value(*real);
  else if (const auto* words = std::get_if<std::string>(&value))
    text.Value(std::string_view(*words));
  else
    text.Add("NULL");
}

// In parentheses: "a IS NULL > ?1" would be "a IS (NULL > ?1)".
void AddExpression(SelectText& text, const SortTerm& term) {
  text.Add("(");
  text.Add(term.expression);
  text.Add(")");
}

SortValue Read(const Stmt& row, int column, SortKind kind) {
  if (row.Null(column)) return std::monostate{};
  switch (kind) {
    case SortKind::kInteger: return row.Int(column);
    case SortKind::kReal: return row.Double(column);
    case SortKind::kText: return row.Text(column);
  }
  return std::monostate{};
}

}  // namespace

void Keyset::AddColumns(SelectText& text) const {
  for (const SortTerm& term : terms_) {
    text.Add(", ");
    text.Add(term.expression);
  }
}

Result<void> Keyset::AddAfter(SelectText& text, const SortPlace& after) const {
  if (after.empty()) return {};
  if (after.size() != terms_.size()) return Fail(Code::kInvalid, "Invalid page token: it is of another order");
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    if (!Fits(terms_[i], after[i])) return Fail(Code::kInvalid, "Invalid page token: it is of another order");
  }
  // What follows implies this, which an index on the first term can use.
  if (!std::holds_alternative<std::monostate>(after[0])) {
    text.Add(" AND ");
    AddExpression(text, terms_[0]);
    text.Add(terms_[0].ascending ? " >= " : " <= ");
    AddValue(text, after[0]);
  }
  // Behind in the first term, or equal there and behind in the second, and so on. Comparing with NULL is never true, which is
  // right: among rows that are NULL in a term only the later terms decide.
  text.Add(" AND (FALSE");
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    text.Add(" OR (");
    for (std::size_t before = 0; before < i; ++before) {
      AddExpression(text, terms_[before]);
      text.Add(" IS NOT DISTINCT FROM ");
      AddValue(text, after[before]);
      text.Add(" AND ");
    }
    AddExpression(text, terms_[i]);
    text.Add(terms_[i].ascending ? " > " : " < ");
    AddValue(text, after[i]);
    text.Add(")");
  }
  text.Add(")");
  return {};
}

Result<std::vector<std::int64_t>> Keyset::Numbers(Conn& conn, SelectText& text, std::size_t limit, SortPlace* next) const {
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    text.Add(i == 0 ? " ORDER BY " : ", ");
    text.Add(terms_[i].expression);
    text.Add(terms_[i].ascending ? " ASC" : " DESC");
  }
  text.Add(" LIMIT ");
  text.Value(static_cast<std::int64_t>(limit + (next != nullptr ? 1 : 0)));
  TRY(Stmt stmt, text.Prepare(conn));
  std::vector<std::int64_t> numbers;
  if (next != nullptr) next->clear();
  for (;;) {
    TRY(const bool more, stmt.Step());
    if (!more) break;
    if (numbers.size() == limit) return numbers;  // one more: `next` is a place behind which there is something
    numbers.push_back(stmt.Int(0));
    if (next == nullptr || numbers.size() != limit) continue;
    for (std::size_t i = 0; i < terms_.size(); ++i) next->push_back(Read(stmt, static_cast<int>(i) + 1, terms_[i].kind));
  }
  if (next != nullptr) next->clear();
  return numbers;
}

}  // namespace mlean::sql

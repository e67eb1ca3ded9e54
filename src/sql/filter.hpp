// Searches: what a caller may compare with, typed, as SQL text whose names are literals of the store and whose values are bound.
// The text grammars of searches are parsed at the edge into these types.
//
//   sql::SelectText text;
//   text.Add("SELECT no FROM models m WHERE ");
//   TRYV(text.CompareText("m.name", "name", sql::Op::kLike, "arrival%"));     // "m.name GLOB ?", 'arrival*' bound
//   TRY(sql::Stmt stmt, text.Prepare(conn));
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::sql {

// kLike is case-sensitive, kILike is not; both match the whole text, '%' any run of characters, '_' one.
enum class Op : std::uint8_t { kEq, kNe, kLt, kLe, kGt, kGe, kLike, kILike, kIn, kNotIn, kIsNull, kNotNull };

// What stands on the right: a list for kIn and kNotIn, nothing for kIsNull and kNotNull.
using Operand = std::variant<std::monostate, std::string, double, std::int64_t, std::vector<std::string>>;

// A SELECT in the making.
class SelectText {
 public:
  // `sql` is a literal of the store, never a text from outside, and has no parameters.
  void Add(std::string_view sql) { text_ += sql; }
  // Adds "?" and keeps the value. Without a number: SQLite looks through all numbers for each that is one more.
  void Value(std::string_view value);
  void Value(std::int64_t value);
  void Value(double value);

  // Adds "<expression> <op> <value>"; `expression` is a literal, `key` the user's name for it, for errors. kInvalid when the
  // value does not fit the comparison, a list has over 10,000 elements, or a pattern is longer than 1,000 bytes or has over 16
  // '%' (the matcher backtracks: each more multiplies the worst case).
  Result<void> CompareText(std::string_view expression, std::string_view key, Op op, const Operand& value);
  // The same for numbers, which have no lists and patterns.
  Result<void> CompareNumber(std::string_view expression, std::string_view key, Op op, const Operand& value);

  // Prepared, all values bound.
  Result<Stmt> Prepare(Conn& conn) const;

 private:
  std::string text_;
  std::vector<std::variant<std::string, std::int64_t, double>> values_;
};

// A condition of another room on the rows of a search, such as "may be read by": adds it to `text`; `number` is the store's
// literal for the number of the row's owner. An empty one holds for all rows.
using RowCondition = std::function<void(SelectText& text, std::string_view number)>;
inline void AddCondition(SelectText& text, const RowCondition& condition, std::string_view number) {
  if (!condition) return;
  text.Add(" AND ");
  condition(text, number);
}

// Adds " AND <condition>" for each clause. `add` writes the condition of one; a clause whose list of lists `any` is not empty
// stands for "one of these lists holds as a whole".
template <class Clause, class Add>
Result<void> AddClauses(SelectText& text, const std::vector<Clause>& clauses, const Add& add) {
  for (const Clause& clause : clauses) {
    text.Add(" AND ");
    if (clause.any.empty()) {
      TRYV(add(clause));
      continue;
    }
    for (std::size_t i = 0; i < clause.any.size(); ++i) {
      text.Add(i == 0 ? "((TRUE" : " OR (TRUE");
      TRYV(AddClauses(text, clause.any[i], add));
      text.Add(")");
    }
    text.Add(")");
  }
  return {};
}

}  // namespace mlean::sql

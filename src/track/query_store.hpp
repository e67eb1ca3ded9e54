// Inside of this room: turns a Query's clauses and orders into SQL text with bound values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/search.hpp"

namespace mlean::track {

// A SELECT in the making. Add() texts are literals of this room; values are bound.
class QueryText {
 public:
  void Add(std::string_view sql) { text_ += sql; }
  // Adds "?N" and keeps the value.
  void Value(std::string_view value);
  void Value(std::int64_t value);
  void Value(double value);
  // Prepared, all values bound.
  Result<sql::Stmt> Prepare(sql::Conn& conn) const;

 private:
  std::string text_;
  std::vector<std::variant<std::string, std::int64_t, double>> values_;
};

// Adds "<expression> <op> <value>"; `expression` is a literal. Text is compared as SQL does, whole and case-sensitive.
Result<void> AddTextCompare(QueryText& query, std::string_view expression, const Clause& clause);
// The same for numbers; kInvalid when the clause's value is not a number or the op is not one of numbers.
Result<void> AddNumberCompare(QueryText& query, std::string_view expression, const Clause& clause);
// Adds " AND <alias>.deleted = …" or nothing.
void AddView(QueryText& query, View view, std::string_view alias_deleted);
// Adds "(1, 2, 3)" of the ids that are numbers; false when none is.
bool AddExperimentIds(QueryText& query, const std::vector<std::string>& ids);
// kInvalid when the query has too many clauses or orders, or an order twice.
Result<void> CheckQuery(const Query& query);

}  // namespace mlean::track

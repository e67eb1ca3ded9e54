// Keyset pagination: the next page begins after a row's place in the order, not after a count of rows, so rows that come, go or
// move while somebody pages through make no other row appear twice or not at all, and a late page costs no more than the first.
//
//   const Keyset order({{"r.start_time", SortKind::kInteger, false}, {"r.run_id", SortKind::kText}});
//   text.Add("SELECT r.no");
//   order.AddColumns(text);
//   text.Add(" FROM runs r WHERE r.deleted = 0");
//   TRYV(order.AddAfter(text, query.after));
//   TRY(auto numbers, order.Numbers(conn, text, query.limit, next));   // adds ORDER BY and LIMIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "sql/filter.hpp"

namespace mlean::sql {

enum class SortKind : std::uint8_t { kInteger, kReal, kText };

struct SortTerm {
  std::string expression;  // made of the store's literals, without bound values
  SortKind kind = SortKind::kInteger;
  bool ascending = true;
};

// A row's place in an order: the value of each term, NULL as monostate.
using SortValue = std::variant<std::monostate, std::int64_t, double, std::string>;
using SortPlace = std::vector<SortValue>;

class Keyset {
 public:
  // The last terms must make the order total. Where a term may be NULL, a term "<expression> IS NULL" stands before it.
  explicit Keyset(std::vector<SortTerm> terms) : terms_(std::move(terms)) {}

  void AddColumns(SelectText& text) const;
  // Adds " AND (…)"; nothing for an empty place. kInvalid "Invalid page token" when the place is not one of this order.
  Result<void> AddAfter(SelectText& text, const SortPlace& after) const;
  // The first column of the rows, at most `limit`. `next`, unless null: the last one's place when there are more rows, else
  // empty.
  Result<std::vector<std::int64_t>> Numbers(Conn& conn, SelectText& text, std::size_t limit, SortPlace* next) const;

 private:
  std::vector<SortTerm> terms_;
};

}  // namespace mlean::sql

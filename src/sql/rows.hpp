// The rows of a statement, without a loop in every store. What is handed over reads the current row (Stmt::Int, Text …) and may
// return a Result: its first error ends the reading.
//
//   return sql::ReadRows(stmt, [](const sql::Stmt& row) { return Tag{row.Text(0), row.Text(1)}; });
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::sql {

// `act` for each row; it returns nothing or Result<void>.
template <class F>
Result<void> ForEachRow(Stmt& stmt, F&& act) {
  for (;;) {
    TRY(const bool more, stmt.Step());
    if (!more) return {};
    if constexpr (std::is_void_v<std::invoke_result_t<F, const Stmt&>>) {
      act(std::as_const(stmt));
    } else {
      TRYV(act(std::as_const(stmt)));
    }
  }
}

namespace rows_detail {
template <class T>
struct Unwrap {
  using Type = T;
};
template <class T>
struct Unwrap<Result<T>> {
  using Type = T;
};
}  // namespace rows_detail

// What `read` makes of a row: T, also when it returns Result<T>.
template <class F>
using RowOf = typename rows_detail::Unwrap<std::invoke_result_t<F, const Stmt&>>::Type;

// What `read` makes of all rows.
template <class F>
Result<std::vector<RowOf<F>>> ReadRows(Stmt& stmt, F&& read) {
  std::vector<RowOf<F>> out;
  TRYV(ForEachRow(stmt, [&](const Stmt& row) -> Result<void> {
    Result<RowOf<F>> one = read(row);
    if (!one) return std::move(one).error();
    out.push_back(*std::move(one));
    return {};
  }));
  return out;
}

// What `read(conn, number)`, which returns a Result, makes of each of `numbers`, in their order.
template <class F>
auto ReadEach(Conn& conn, const std::vector<std::int64_t>& numbers, F&& read)
    -> Result<std::vector<typename rows_detail::Unwrap<std::invoke_result_t<F, Conn&, std::int64_t>>::Type>> {
  std::vector<typename rows_detail::Unwrap<std::invoke_result_t<F, Conn&, std::int64_t>>::Type> out;
  out.reserve(numbers.size());
  for (const std::int64_t number : numbers) {
    TRY(auto one, read(conn, number));
    out.push_back(std::move(one));
  }
  return out;
}

// What `read` makes of the first row; nothing when there is none.
template <class F>
Result<std::optional<RowOf<F>>> ReadRow(Stmt& stmt, F&& read) {
  TRY(const bool found, stmt.Step());
  if (!found) return std::optional<RowOf<F>>{};
  Result<RowOf<F>> one = read(std::as_const(stmt));
  if (!one) return std::move(one).error();
  return std::optional<RowOf<F>>(*std::move(one));
}

}  // namespace mlean::sql

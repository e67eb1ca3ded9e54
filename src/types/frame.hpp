// Frame: a small columnar table in memory, the common vocabulary of tables, check, train, quality, drift, infer and flows.
// Columns have equal length. Values are stored once, in the vector that fits the kind; the other vectors are empty.
// Text is dictionary-coded: `codes[row]` indexes `words` (distinct, in order of first appearance unless a maker says otherwise).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace mlean::types {

enum class Kind : std::uint8_t { kReal, kInt, kBool, kTime, kText };

constexpr std::int64_t kMissingInt = std::numeric_limits<std::int64_t>::min();
constexpr std::int32_t kMissingCode = -1;

struct Column {
  std::string name;
  Kind kind = Kind::kReal;
  std::vector<double> reals;        // kReal; NaN is missing
  std::vector<std::int64_t> ints;   // kInt · kBool 0/1 · kTime ms since 1970 UTC; kMissingInt is missing
  std::vector<std::int32_t> codes;  // kText; kMissingCode is missing
  std::vector<std::string> words;   // kText

  std::size_t size() const { return kind == Kind::kReal ? reals.size() : kind == Kind::kText ? codes.size() : ints.size(); }
  bool Missing(std::size_t row) const {
    if (kind == Kind::kReal) return std::isnan(reals[row]);
    return kind == Kind::kText ? codes[row] == kMissingCode : ints[row] == kMissingInt;
  }
  // The value as a number: reals as they are, ints, bools and times converted, text and missing NaN.
  double Number(std::size_t row) const {
    if (kind == Kind::kReal) return reals[row];
    if (kind == Kind::kText || ints[row] == kMissingInt) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(ints[row]);
  }
};

struct Frame {
  std::vector<Column> columns;

  std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
  // nullptr when there is no such column.
  const Column* Find(std::string_view name) const {
    for (const Column& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

// "real", "int", "bool", "time", "text"
constexpr std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kReal: return "real";
    case Kind::kInt: return "int";
    case Kind::kBool: return "bool";
    case Kind::kTime: return "time";
    case Kind::kText: return "text";
  }
  return "real";
}

}  // namespace mlean::types

// The table of expectation types: which arguments each takes. Private to this room; suite.cpp checks files against it,
// validate.cpp has a rule for each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mlean::check {

enum class Need : std::uint8_t { kRequired, kOptional };
enum class ArgType : std::uint8_t { kText, kNumber, kCount, kBound, kBool, kList, kTextList, kObject, kAny };

struct Arg {
  std::string_view name;
  ArgType type;
  Need need = Need::kOptional;
};

// What an expectation speaks of: decides which common arguments it takes.
enum class Domain : std::uint8_t { kTable, kColumn, kColumnMap, kPair, kMultiColumn };

struct Known {
  std::string_view type;
  Domain domain;
  std::vector<Arg> args;  // without the common ones of its domain
};

// All, sorted by type.
std::span<const Known> KnownTable();
// nullptr when there is none.
const Known* FindKnown(std::string_view type);
// Arguments every expectation of the domain takes (column, mostly, row_condition …).
std::span<const Arg> CommonArgs(Domain domain);
// Arguments any expectation of either version may carry and that mean nothing here.
bool IsTolerated(std::string_view arg);

}  // namespace mlean::check

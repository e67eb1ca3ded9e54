// Macros: has, all, exists, exists_one, map, filter: recognised while parsing, run on their own nodes.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "policy/ast.hpp"

namespace mlean::policy {

class Evaluator;

// The node kind of `range.name(variable, …)` with `arguments` arguments; empty when that is no macro.
std::optional<Op> FindMacro(std::string_view name, std::size_t arguments);

// Runs one of kAll … kMapWhere.
Result<Value> RunMacro(const Node& node, Evaluator& evaluator);

}  // namespace mlean::policy

// Evaluator: walks a tree once, with a budget. Lives for one evaluation on one thread.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "policy/ast.hpp"
#include "policy/functions.hpp"
#include "policy/value.hpp"

namespace mlean::policy {

class Evaluator {
 public:
  Evaluator(const Value& root, const Limits& limits) : root_(root), budget_(limits) {}

  Result<Value> Eval(const Node& node);

  Budget& budget() { return budget_; }
  // Variables of the macros around the node in hand, outermost first; slots of nodes index it.
  std::vector<Value>& locals() { return locals_; }

 private:
  Result<Value> Logic(const Node& node, bool decides);
  Result<Value> Ternary(const Node& node);
  Result<Value> Relation(const Node& node);
  Result<Value> Has(const Node& node);
  Result<Value> Call(const Node& node);
  Result<Value> MakeList(const Node& node);
  Result<Value> MakeMap(const Node& node);
  // The value of a variable, field or index without copying it; `holder` keeps it alive where it is computed.
  Result<const Value*> Resolve(const Node& node, Value& holder);

  const Value& root_;
  Budget budget_;
  std::vector<Value> locals_;
};

}  // namespace mlean::policy

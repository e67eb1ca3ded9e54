#include "policy/macros.hpp"

#include <fmt/core.h>

#include "policy/evaluator.hpp"

namespace mlean::policy {
namespace {

Value::List Keys(const Value& map) {
  Value::List keys;
  keys.reserve(map.AsMap().size());
  for (const auto& [key, held] : map.AsMap()) keys.push_back(key);
  return keys;
}

Result<bool> Condition(const Node& node, Evaluator& evaluator) {
  TRY(const Value value, evaluator.Eval(node));
  if (!value.Is(Kind::kBool)) {
    return Fail(Code::kInvalid, fmt::format("the condition of a macro is a {}, not a bool", TypeName(value.kind())));
  }
  return value.AsBool();
}

// all (decides: false) and exists (decides: true): like a chain of && or ||, one deciding element outweighs errors of others.
Result<Value> Quantifier(const Node& node, bool decides, const Value::List& range, Evaluator& evaluator) {
  std::optional<Error> first_error;
  for (const Value& element : range) {
    evaluator.locals()[node.slot] = element;
    Result<bool> holds = Condition(node.children[1], evaluator);
    if (holds && *holds == decides) return Value(decides);
    if (!holds && holds.error().code == Code::kTooLarge) return std::move(holds).error();
    if (!holds && !first_error) first_error = std::move(holds).error();
  }
  if (first_error) return *std::move(first_error);
  return Value(!decides);
}

Result<Value> ExistsOne(const Node& node, const Value::List& range, Evaluator& evaluator) {
  std::size_t found = 0;
  for (const Value& element : range) {
    evaluator.locals()[node.slot] = element;
    TRY(const bool holds, Condition(node.children[1], evaluator));
    if (holds) ++found;
  }
  return Value(found == 1);
}

// filter, map with two and with three arguments.
Result<Value> Collect(const Node& node, const Value::List& range, Evaluator& evaluator) {
  Value::List out;
  for (const Value& element : range) {
    evaluator.locals()[node.slot] = element;
    if (node.op != Op::kMapEach) {
      TRY(const bool holds, Condition(node.children[1], evaluator));
      if (!holds) continue;
    }
    if (node.op == Op::kFilter) {
      out.push_back(element);
    } else {
      TRY(Value value, evaluator.Eval(node.children.back()));
      out.push_back(std::move(value));
    }
  }
  return Value::ListOf(std::move(out));
}

}  // namespace

std::optional<Op> FindMacro(std::string_view name, std::size_t arguments) {
  if (name == "map" && arguments == 3) return Op::kMapWhere;
  if (arguments != 2) return std::nullopt;
  if (name == "all") return Op::kAll;
  if (name == "exists") return Op::kExists;
  if (name == "exists_one" || name == "existsOne") return Op::kExistsOne;
  if (name == "filter") return Op::kFilter;
  if (name == "map") return Op::kMapEach;
  return std::nullopt;
}

Result<Value> RunMacro(const Node& node, Evaluator& evaluator) {
  TRY(const Value container, evaluator.Eval(node.children[0]));
  if (!container.Is(Kind::kList) && !container.Is(Kind::kMap)) return NoOverload("macro", {&container, 1});
  const Value::List keys = container.Is(Kind::kMap) ? Keys(container) : Value::List{};
  const Value::List& range = container.Is(Kind::kMap) ? keys : container.AsList();
  TRYV(evaluator.budget().List(range.size()));
  evaluator.locals().resize(node.slot + 1);
  if (node.op == Op::kAll || node.op == Op::kExists) return Quantifier(node, node.op == Op::kExists, range, evaluator);
  if (node.op == Op::kExistsOne) return ExistsOne(node, range, evaluator);
  return Collect(node, range, evaluator);
}

}  // namespace mlean::policy

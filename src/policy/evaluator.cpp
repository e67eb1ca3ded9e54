#include "policy/evaluator.hpp"

#include <fmt/core.h>

#include <array>
#include <optional>

#include "base/text.hpp"
#include "policy/macros.hpp"
#include "policy/regex.hpp"

namespace mlean::policy {
namespace {

std::optional<Kind> TypeNamed(std::string_view name) {
  constexpr std::array kKinds = {Kind::kNull,   Kind::kBool,  Kind::kInt,  Kind::kUint, Kind::kDouble,
                                 Kind::kString, Kind::kBytes, Kind::kList, Kind::kMap,  Kind::kType};
  for (const Kind kind : kKinds) {
    if (TypeName(kind) == name) return kind;
  }
  return std::nullopt;
}

// "'auc' is not defined, did you mean 'acc'?"
Error NotDefined(std::string_view what, std::string_view name, const Value& map) {
  std::vector<std::string> names;
  if (map.Is(Kind::kMap)) {
    for (const auto& [key, held] : map.AsMap()) {
      if (key.Is(Kind::kString) && names.size() < 200) names.push_back(key.AsString());
    }
  }
  const std::string near = Nearest(name, names);
  return Fail(Code::kInvalid,
              fmt::format("'{}{}' is not defined{}", what, name, near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
}

// "metrics." for the field of a plain path, "" for the field of anything else.
std::string PathPrefix(const Node& node) {
  if (node.op == Op::kVariable || node.op == Op::kLocal) return node.name + ".";
  if (node.op == Op::kSelect) return PathPrefix(node.children[0]) + node.name + ".";
  return "";
}

}  // namespace

Result<Value> Evaluator::Eval(const Node& node) {
  TRYV(budget_.Spend(1));
  switch (node.op) {
    case Op::kLiteral: return node.value;
    case Op::kLocal:
    case Op::kVariable:
    case Op::kSelect:
    case Op::kIndex: {
      Value holder;
      TRY(const Value* found, Resolve(node, holder));
      return *found;
    }
    case Op::kHas: return Has(node);
    case Op::kCall: return Call(node);
    case Op::kList: return MakeList(node);
    case Op::kMap: return MakeMap(node);
    case Op::kTernary: return Ternary(node);
    case Op::kOr: return Logic(node, true);
    case Op::kAnd: return Logic(node, false);
    case Op::kNot: {
      TRY(const Value value, Eval(node.children[0]));
      if (!value.Is(Kind::kBool)) return NoOverload("operator !", {&value, 1});
      return Value(!value.AsBool());
    }
    case Op::kNegate: {
      TRY(const Value value, Eval(node.children[0]));
      return Negate(value);
    }
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
    case Op::kIn: return Relation(node);
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kModulo: {
      TRY(const Value a, Eval(node.children[0]));
      TRY(const Value b, Eval(node.children[1]));
      return Arithmetic(node.op, a, b, budget_);
    }
    case Op::kAll:
    case Op::kExists:
    case Op::kExistsOne:
    case Op::kFilter:
    case Op::kMapEach:
    case Op::kMapWhere: return RunMacro(node, *this);
  }
  return Fail(Code::kInternal, "unknown node");
}

// || with `decides` true, && with `decides` false: one side equal to `decides` decides, whatever the other gives or fails with.
Result<Value> Evaluator::Logic(const Node& node, bool decides) {
  std::optional<Error> first_error;
  for (const Node& child : node.children) {
    Result<Value> side = Eval(child);
    if (side && side->Is(Kind::kBool)) {
      if (side->AsBool() == decides) return Value(decides);
    } else if (!first_error) {
      first_error = side ? NoOverload(decides ? "operator ||" : "operator &&", {&*side, 1}) : std::move(side).error();
    }
  }
  if (first_error) return *std::move(first_error);
  return Value(!decides);
}

Result<Value> Evaluator::Ternary(const Node& node) {
  TRY(const Value condition, Eval(node.children[0]));
  if (!condition.Is(Kind::kBool)) return NoOverload("operator ?:", {&condition, 1});
  return Eval(node.children[condition.AsBool() ? 1 : 2]);
}

Result<Value> Evaluator::Relation(const Node& node) {
  TRY(const Value a, Eval(node.children[0]));
  TRY(const Value b, Eval(node.children[1]));
  if (node.op == Op::kIn) return IsIn(a, b, budget_);
  if (node.op == Op::kEqual || node.op == Op::kNotEqual) {
    TRY(const bool same, EqualWithin(a, b, budget_));
    return Value(same == (node.op == Op::kEqual));
  }
  const std::optional<std::partial_ordering> order = Compare(a, b);
  if (!order) return NoOverload("order", std::array{a, b});
  if (node.op == Op::kLess) return Value(*order < 0);
  if (node.op == Op::kLessEqual) return Value(*order <= 0);
  if (node.op == Op::kGreater) return Value(*order > 0);
  return Value(*order >= 0);
}

Result<Value> Evaluator::Has(const Node& node) {
  Value holder;
  TRY(const Value* map, Resolve(node.children[0], holder));
  if (!map->Is(Kind::kMap)) return NoOverload("field access", {map, 1});
  return Value(map->Find(node.name) != nullptr);
}

Result<Value> Evaluator::Call(const Node& node) {
  // No allocation for the usual one to three arguments.
  std::array<Value, 3> few;
  std::vector<Value> many;
  if (node.children.size() > few.size()) many.resize(node.children.size());
  Value* const arguments = many.empty() ? few.data() : many.data();
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    TRY(arguments[i], Eval(node.children[i]));
  }
  if (node.regex && arguments[0].Is(Kind::kString)) {
    TRYV(budget_.Spend(100 + arguments[0].AsString().size()));
    TRY(const bool found, node.regex->Search(arguments[0].AsString()));
    return Value(found);
  }
  return node.function->run({arguments, node.children.size()}, budget_);
}

Result<Value> Evaluator::MakeList(const Node& node) {
  Value::List elements;
  elements.reserve(node.children.size());
  for (const Node& child : node.children) {
    TRY(Value element, Eval(child));
    elements.push_back(std::move(element));
  }
  return Value::ListOf(std::move(elements));
}

Result<Value> Evaluator::MakeMap(const Node& node) {
  Value::Map entries;
  entries.reserve(node.children.size() / 2);
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    TRY(Value key, Eval(node.children[i]));
    TRY(Value value, Eval(node.children[i + 1]));
    entries.emplace_back(std::move(key), std::move(value));
  }
  return Value::MapOf(std::move(entries));
}

Result<const Value*> Evaluator::Resolve(const Node& node, Value& holder) {
  if (node.op == Op::kLocal) return &locals_[node.slot];
  if (node.op == Op::kVariable) {
    if (const Value* found = root_.Find(node.name)) return found;
    const std::optional<Kind> type = TypeNamed(node.name);
    if (!type) return NotDefined("", node.name, root_);
    holder = Value::TypeValue(*type);
    return &holder;
  }
  if (node.op == Op::kSelect) {
    TRYV(budget_.Spend(1));
    TRY(const Value* map, Resolve(node.children[0], holder));
    if (!map->Is(Kind::kMap)) return NoOverload(fmt::format("field '{}'", node.name), {map, 1});
    const Value* found = map->Find(node.name);
    if (found == nullptr) return NotDefined(PathPrefix(node.children[0]), node.name, *map);
    // The map may live in `holder` alone: keep the part before letting go of the whole.
    if (map == &holder) {
      Value part = *found;
      holder = std::move(part);
      return &holder;
    }
    return found;
  }
  if (node.op == Op::kIndex) {
    // The index first: a macro in it may move the locals that a resolved container points into.
    TRY(const Value index, Eval(node.children[1]));
    TRY(const Value* container, Resolve(node.children[0], holder));
    TRY(const Value* found, IndexInto(*container, index));
    holder = Value(*found);
    return &holder;
  }
  TRY(holder, Eval(node));
  return &holder;
}

}  // namespace mlean::policy

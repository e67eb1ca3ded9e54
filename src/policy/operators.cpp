// The operators on values: arithmetic, equality, `in`, index; and the budget they are charged to.
#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "policy/functions.hpp"
#include "policy/time_value.hpp"

namespace mlean::policy {
namespace {

constexpr std::int64_t kMinInt = std::numeric_limits<std::int64_t>::min();

Error Overflow() { return Fail(Code::kInvalid, "integer overflow"); }
Error DivisionByZero() { return Fail(Code::kInvalid, "division by zero"); }

std::string_view SymbolOf(Op op) {
  if (op == Op::kAdd) return "+";
  if (op == Op::kSubtract) return "-";
  if (op == Op::kMultiply) return "*";
  return op == Op::kDivide ? "/" : "%";
}

template <class T>
Result<Value> Integers(Op op, T a, T b) {
  T out = 0;
  if (op == Op::kAdd && !__builtin_add_overflow(a, b, &out)) return Value(out);
  if (op == Op::kSubtract && !__builtin_sub_overflow(a, b, &out)) return Value(out);
  if (op == Op::kMultiply && !__builtin_mul_overflow(a, b, &out)) return Value(out);
  if (op == Op::kAdd || op == Op::kSubtract || op == Op::kMultiply) return Overflow();
  if (b == 0) return DivisionByZero();
  if constexpr (std::is_signed_v<T>) {
    if (a == kMinInt && b == -1) return Overflow();
  }
  return Value(op == Op::kDivide ? static_cast<T>(a / b) : static_cast<T>(a % b));
}

std::optional<double> Doubles(Op op, double a, double b) {
  if (op == Op::kAdd) return a + b;
  if (op == Op::kSubtract) return a - b;
  if (op == Op::kMultiply) return a * b;
  if (op == Op::kDivide) return a / b;
  return std::nullopt;
}

double AsNumber(const Value& value) {
  if (value.Is(Kind::kInt)) return static_cast<double>(value.AsInt());
  return value.Is(Kind::kUint) ? static_cast<double>(value.AsUint()) : value.AsDouble();
}

// + and - where a duration or a timestamp takes part; empty when there is no such operator.
std::optional<Result<Value>> Times(Op op, const Value& a, const Value& b) {
  const auto lift = [](auto result) -> Result<Value> {
    if (!result) return std::move(result).error();
    return Value(*result);
  };
  if (op != Op::kAdd && op != Op::kSubtract) return std::nullopt;
  const bool subtract = op == Op::kSubtract;
  if (a.Is(Kind::kDuration) && b.Is(Kind::kDuration)) {
    std::int64_t ns = 0;
    const bool overflow = subtract ? __builtin_sub_overflow(a.AsDuration().ns, b.AsDuration().ns, &ns)
                                   : __builtin_add_overflow(a.AsDuration().ns, b.AsDuration().ns, &ns);
    if (overflow) return Fail(Code::kInvalid, "duration out of range");
    return Value(Duration{ns});
  }
  if (a.Is(Kind::kTimestamp) && b.Is(Kind::kDuration)) return lift(AddTime(a.AsTimestamp(), b.AsDuration(), subtract));
  if (a.Is(Kind::kDuration) && b.Is(Kind::kTimestamp) && !subtract) return lift(AddTime(b.AsTimestamp(), a.AsDuration(), false));
  if (a.Is(Kind::kTimestamp) && b.Is(Kind::kTimestamp) && subtract) return lift(TimeBetween(b.AsTimestamp(), a.AsTimestamp()));
  return std::nullopt;
}

Result<Value> Concatenate(const Value& a, const Value& b, Budget& budget) {
  if (a.Is(Kind::kString)) {
    TRYV(budget.String(a.AsString().size() + b.AsString().size()));
    return Value(a.AsString() + b.AsString());
  }
  if (a.Is(Kind::kBytes)) {
    TRYV(budget.String(a.AsBytes().size() + b.AsBytes().size()));
    return Value::Bytes(a.AsBytes() + b.AsBytes());
  }
  TRYV(budget.List(a.AsList().size() + b.AsList().size()));
  Value::List all = a.AsList();
  all.insert(all.end(), b.AsList().begin(), b.AsList().end());
  return Value::ListOf(std::move(all));
}

std::size_t LeafBytes(const Value& value) {
  if (value.Is(Kind::kString)) return value.AsString().size();
  return value.Is(Kind::kBytes) ? value.AsBytes().size() : 0;
}

// The integer value of an index: an int, a uint or a whole double.
std::optional<std::int64_t> AsIndex(const Value& index) {
  if (index.Is(Kind::kInt)) return index.AsInt();
  if (index.Is(Kind::kUint) && index.AsUint() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<std::int64_t>(index.AsUint());
  }
  if (index.Is(Kind::kDouble) && std::abs(index.AsDouble()) < 1e15 && std::trunc(index.AsDouble()) == index.AsDouble()) {
    return static_cast<std::int64_t>(index.AsDouble());
  }
  return std::nullopt;
}

}  // namespace

Result<void> Budget::String(std::size_t bytes) {
  if (bytes > limits_.max_string_bytes) {
    left_ = 0;
    return Fail(Code::kTooLarge, fmt::format("a string would be over {} bytes", limits_.max_string_bytes));
  }
  return Spend(1 + bytes / 16);
}

Result<void> Budget::List(std::size_t elements) {
  if (elements > limits_.max_elements) {
    left_ = 0;
    return Fail(Code::kTooLarge, fmt::format("a list would have over {} elements", limits_.max_elements));
  }
  return Spend(1 + elements);
}

Error NoOverload(std::string_view what, Arguments arguments) {
  std::string kinds;
  for (const Value& argument : arguments) {
    if (!kinds.empty()) kinds += &argument == &arguments.back() ? " and " : ", ";
    kinds += TypeName(argument.kind());
  }
  return Fail(Code::kInvalid, fmt::format("no {} for {}", what, kinds));
}

Result<Value> Arithmetic(Op op, const Value& a, const Value& b, Budget& budget) {
  if (a.Is(Kind::kInt) && b.Is(Kind::kInt)) return Integers(op, a.AsInt(), b.AsInt());
  if (a.Is(Kind::kUint) && b.Is(Kind::kUint)) return Integers(op, a.AsUint(), b.AsUint());
  if (a.IsNumber() && b.IsNumber() && (a.Is(Kind::kDouble) || b.Is(Kind::kDouble))) {
    if (const std::optional<double> out = Doubles(op, AsNumber(a), AsNumber(b))) return Value(*out);
  }
  if (op == Op::kAdd && a.kind() == b.kind() && (a.Is(Kind::kString) || a.Is(Kind::kBytes) || a.Is(Kind::kList))) {
    return Concatenate(a, b, budget);
  }
  if (std::optional<Result<Value>> out = Times(op, a, b)) return *std::move(out);
  const Value both[] = {a, b};
  return NoOverload(fmt::format("operator {}", SymbolOf(op)), both);
}

Result<Value> Negate(const Value& a) {
  if (a.Is(Kind::kDouble)) return Value(-a.AsDouble());
  if (a.Is(Kind::kInt)) return Integers<std::int64_t>(Op::kSubtract, 0, a.AsInt());
  if (a.Is(Kind::kDuration)) return *Times(Op::kSubtract, Value(Duration{}), a);
  return NoOverload("operator -", {&a, 1});
}

Result<bool> EqualWithin(const Value& a, const Value& b, Budget& budget) {
  TRYV(budget.Spend(1 + std::min(LeafBytes(a), LeafBytes(b)) / 16));
  if (a.Is(Kind::kList) && b.Is(Kind::kList)) {
    if (a.AsList().size() != b.AsList().size()) return false;
    for (std::size_t i = 0; i < a.AsList().size(); ++i) {
      TRY(const bool same, EqualWithin(a.AsList()[i], b.AsList()[i], budget));
      if (!same) return false;
    }
    return true;
  }
  if (a.Is(Kind::kMap) && b.Is(Kind::kMap)) {
    if (a.AsMap().size() != b.AsMap().size()) return false;
    for (std::size_t i = 0; i < a.AsMap().size(); ++i) {
      TRY(const bool same_key, EqualWithin(a.AsMap()[i].first, b.AsMap()[i].first, budget));
      if (!same_key) return false;
      TRY(const bool same, EqualWithin(a.AsMap()[i].second, b.AsMap()[i].second, budget));
      if (!same) return false;
    }
    return true;
  }
  return Equal(a, b);
}

Result<Value> IsIn(const Value& element, const Value& container, Budget& budget) {
  if (container.Is(Kind::kMap)) return Value(container.FindKey(element) != nullptr);
  if (!container.Is(Kind::kList)) {
    const Value both[] = {element, container};
    return NoOverload("operator in", both);
  }
  for (const Value& candidate : container.AsList()) {
    TRY(const bool same, EqualWithin(element, candidate, budget));
    if (same) return Value(true);
  }
  return Value(false);
}

Result<const Value*> IndexInto(const Value& container, const Value& index) {
  if (container.Is(Kind::kMap)) {
    if (const Value* found = container.FindKey(index)) return found;
    return Fail(Code::kInvalid, fmt::format("no such key {}", Show(index, 60)));
  }
  const std::optional<std::int64_t> at = container.Is(Kind::kList) ? AsIndex(index) : std::nullopt;
  if (!at) {
    const Value both[] = {container, index};
    return NoOverload("operator []", both);
  }
  const Value::List& list = container.AsList();
  if (*at < 0 || static_cast<std::uint64_t>(*at) >= list.size()) {
    return Fail(Code::kInvalid, fmt::format("index {} out of range of {} elements", *at, list.size()));
  }
  return &list[static_cast<std::size_t>(*at)];
}

}  // namespace mlean::policy

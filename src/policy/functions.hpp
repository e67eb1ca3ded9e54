// Functions: the table of CEL's functions and methods, and its operators on values.
// Errors are causes without a "cannot …" in front: the evaluator adds the expression.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy/ast.hpp"
#include "policy/program.hpp"
#include "policy/value.hpp"

namespace mlean::policy {

// The work and memory left to one evaluation. Once spent it stays spent.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits), left_(limits.max_steps) {}

  Result<void> Spend(std::uint64_t steps) {
    if (steps <= left_) {
      left_ -= steps;
      return {};
    }
    left_ = 0;
    return Fail(Code::kTooLarge, "the expression takes too many steps");
  }
  // Checks the size of a string or list about to be made, and charges for it.
  Result<void> String(std::size_t bytes);
  Result<void> List(std::size_t elements);

 private:
  const Limits limits_;
  std::uint64_t left_;
};

using Arguments = std::span<const Value>;

enum class CallStyle : std::uint8_t { kGlobal, kMember, kBoth };

struct Function {
  std::string_view name;
  CallStyle style;
  int min_arguments;  // the receiver counts
  int max_arguments;
  Result<Value> (*run)(Arguments arguments, Budget& budget);
};

// nullptr when there is no such function or it is not called in that style.
const Function* FindFunction(std::string_view name, bool as_member);
std::vector<std::string> FunctionNames();

// "no operator + for int and string".
Error NoOverload(std::string_view what, Arguments arguments);

// + - * / % and unary minus.
Result<Value> Arithmetic(Op op, const Value& a, const Value& b, Budget& budget);
Result<Value> Negate(const Value& a);
// CEL's ==, charged for what it looks at (lists may share their parts and so be far larger than their memory).
Result<bool> EqualWithin(const Value& a, const Value& b, Budget& budget);
// in
Result<Value> IsIn(const Value& element, const Value& container, Budget& budget);
// container[index]; the pointer lives as long as the container.
Result<const Value*> IndexInto(const Value& container, const Value& index);

// The parts of the table, a file each.
std::span<const Function> StringFunctions();
std::span<const Function> ConversionFunctions();
std::span<const Function> TimeFunctions();
std::span<const Function> NumberFunctions();

}  // namespace mlean::policy

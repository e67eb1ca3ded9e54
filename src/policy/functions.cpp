#include "policy/functions.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace mlean::policy {
namespace {

// min and max: the arguments, or the elements of the one list given.
template <bool kMax>
Result<Value> Extreme(Arguments arguments, Budget& budget) {
  if (arguments.size() == 1 && arguments[0].Is(Kind::kList)) arguments = arguments[0].AsList();
  const std::string_view name = kMax ? "max" : "min";
  if (arguments.empty()) return Fail(Code::kInvalid, std::string(name) + " of an empty list");
  TRYV(budget.Spend(arguments.size()));
  const Value* best = &arguments[0];
  for (const Value& candidate : arguments) {
    const std::optional<std::partial_ordering> order = Compare(candidate, *best);
    const bool fits = candidate.IsNumber() || candidate.Is(Kind::kDuration) || candidate.Is(Kind::kTimestamp);
    if (!order || !fits) return NoOverload(name, std::array{candidate, *best});
    if (*order == std::partial_ordering::unordered) return Fail(Code::kInvalid, std::string(name) + " of NaN");
    if (kMax ? *order > 0 : *order < 0) best = &candidate;
  }
  return *best;
}

Result<Value> Abs(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kDouble)) return Value(std::abs(a.AsDouble()));
  if (a.Is(Kind::kUint)) return a;
  if (a.Is(Kind::kInt)) return a.AsInt() < 0 ? Negate(a) : Result<Value>(a);
  if (a.Is(Kind::kDuration)) return a.AsDuration().ns < 0 ? Negate(a) : Result<Value>(a);
  return NoOverload("abs", arguments);
}

constexpr int kAnyNumber = 64;
constexpr std::array<Function, 3> kNumbers = {{
    {"min", CallStyle::kGlobal, 1, kAnyNumber, Extreme<false>},
    {"max", CallStyle::kGlobal, 1, kAnyNumber, Extreme<true>},
    {"abs", CallStyle::kGlobal, 1, 1, Abs},
}};

std::array<std::span<const Function>, 4> AllParts() {
  return {StringFunctions(), ConversionFunctions(), TimeFunctions(), NumberFunctions()};
}

}  // namespace

std::span<const Function> NumberFunctions() { return kNumbers; }

const Function* FindFunction(std::string_view name, bool as_member) {
  const CallStyle wanted = as_member ? CallStyle::kMember : CallStyle::kGlobal;
  for (const std::span<const Function> part : AllParts()) {
    const auto found = std::find_if(part.begin(), part.end(), [&](const Function& f) {
      return f.name == name && (f.style == wanted || f.style == CallStyle::kBoth);
    });
    if (found != part.end()) return &*found;
  }
  return nullptr;
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names;
  for (const std::span<const Function> part : AllParts()) {
    for (const Function& function : part) names.emplace_back(function.name);
  }
  return names;
}

}  // namespace mlean::policy

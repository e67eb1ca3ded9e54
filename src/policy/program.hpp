// Program: one compiled expression of the Common Expression Language, for gates, abort conditions and retrain triggers.
//
//   TRY(const Program gate, Program::Compile("metrics.auc >= prod.metrics.auc - 0.002 && approvals.size() >= 1"));
//   const Decision decision = gate.Decide(root);      // root: a map from variable name to value
//   if (!decision.allowed) … decision.reason          // "metrics.auc >= 0.62 is false: metrics.auc = 0.58"
//
// The language is CEL (github.com/google/cel-spec): side-effect free, always ends, no access to anything but `root`.
// Supported: all literals, operators, `in`, ?:, lists, maps, index and field access, the macros has all exists exists_one map
// filter, size, contains startsWith endsWith matches, int uint double string bool bytes duration timestamp type dyn, the getters
// of durations and timestamps, and of the string extension lowerAscii upperAscii trim split replace substring indexOf join.
//
// Left out: protocol buffer messages, named time zones (UTC and "+02:00" work), optional values. `matches` is PCRE2, a superset
// of RE2's syntax, with a limit on the work of one match.
//
// Added:
//  - Duration literals `100ms` `10s` `5m` `2h` `1d` `1w` and runs of them `1h30m`: a number directly followed by a unit.
//  - Percent literals `5%` = 0.05: a decimal number directly followed by `%` (no blank), unless an operand follows the `%`: a
//    number, string, name, bracket, `.`, `-` or `!` (but not `!=` and not the word `in`). So `7 % 5`, `7%5`, `7% x` and `5% - 1`
//    are remainders as in CEL, and `x > 5%`, `5% && y`, `[5%, 25%]`, `(5%) - 1` are percentages.
//  - Arithmetic between int or uint and double gives a double (CEL: an error), so `prod.metrics.auc - 1` works. Between int and
//    uint it stays an error.
//  - min(…), max(…) of numbers, durations or timestamps, as arguments or one list; abs(x).
//  - Unary minus of a duration.
//
// An undefined variable, field or index, a wrong type, integer overflow and integer division by zero are errors; && and || absorb
// an error on one side when the other decides (CEL's commutative logic).
//
// A Program is immutable; copies share the compiled tree. Any number of threads may evaluate it at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "policy/value.hpp"

namespace mlean::policy {

// Bounds of one evaluation. An expression that goes over one of them is an error, which no || absorbs.
struct Limits {
  std::uint64_t max_steps = 200'000;       // one per node, plus one per element or 16 bytes touched
  std::size_t max_string_bytes = 1 << 20;  // of any string or bytes made on the way
  std::size_t max_elements = 100'000;      // of any list made on the way
};

// Bounds of any text to compile.
inline constexpr std::size_t kMaxProgramBytes = 16 * 1024;
inline constexpr int kMaxNesting = 60;  // brackets in brackets
inline constexpr int kMaxDepth = 200;   // levels of the tree, so operators in one chain

struct Decision {
  bool allowed = false;  // true only when the expression gave the bool true
  // "<expression> is true: <inputs>", "<first failing part of the && chain> is false: <its inputs>",
  // "<part> cannot be decided: 'metrics.auk' is not defined, did you mean 'auc'?", "<expression> is a double, not a bool".
  std::string reason;
  // Every variable path of the expression with its value ("undefined" when absent), in order of first appearance; for the audit.
  std::vector<std::pair<std::string, std::string>> inputs;
};

class Program {
 public:
  // Errors: kInvalid "cannot compile 'a >': 1:4: expected an expression"; kTooLarge over the bounds above. Unknown functions,
  // wrong numbers of arguments and bad constant patterns are found here, unknown variables when evaluating.
  static Result<Program> Compile(std::string_view text);

  // `root` is a map with string keys, one per variable. Error: kInvalid "cannot evaluate '1/0': division by zero", kTooLarge.
  Result<Value> Evaluate(const Value& root, const Limits& limits = {}) const;

  // Evaluates and says why. Never an error: whatever is not `true` denies.
  Decision Decide(const Value& root, const Limits& limits = {}) const;

  // The variable paths read from root: "metrics.auc", "approvals", `metrics["val/auc"]`; each once, in order of appearance. A
  // path ends where it is indexed by something not constant.
  std::vector<std::string> References() const;

  const std::string& text() const;

 private:
  struct Compiled;
  explicit Program(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  // Shared: copies in a configuration and in its users are the same immutable tree.
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace mlean::policy

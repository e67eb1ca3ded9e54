// Ast: the tree of a compiled expression. Functions are resolved, constant patterns compiled, macro variables numbered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/value.hpp"

namespace mlean::policy {

struct Function;  // functions.hpp
class Regex;      // regex.hpp

enum class Op : std::uint8_t {
  kLiteral,   // value
  kVariable,  // name: a member of root, or a type name
  kLocal,     // slot: a macro's variable
  kSelect,    // child 0 . name
  kHas,       // has(child 0 . name)
  kIndex,     // child 0 [ child 1 ]
  kCall,      // function(children…), the receiver first
  kList,      // children
  kMap,       // children: key, value, key, value …
  kTernary,   // child 0 ? child 1 : child 2
  kOr,
  kAnd,
  kNot,
  kNegate,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  // Macros: child 0 is the range, slot the variable, child 1 the condition or transform.
  kAll,
  kExists,
  kExistsOne,
  kFilter,
  kMapEach,   // child 1 the transform
  kMapWhere,  // child 1 the condition, child 2 the transform
};

struct Node {
  Op op = Op::kLiteral;
  std::uint16_t height = 1;  // levels below and including this one: bounds the recursion of every walk
  std::uint32_t begin = 0;   // byte offsets into the source
  std::uint32_t end = 0;
  std::uint32_t slot = 0;
  Value value;
  std::string name;
  const Function* function = nullptr;  // in a static table
  // Of a call of `matches` with a constant pattern. Shared: nodes are copyable values, a compiled pattern is not.
  std::shared_ptr<const Regex> regex;
  std::vector<Node> children;
};

}  // namespace mlean::policy

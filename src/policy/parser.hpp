// Parser: CEL text to a tree, by recursive descent along the grammar of the specification.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "policy/ast.hpp"

namespace mlean::policy {

// Error text: "1:4: expected an expression". Bounds: kMaxProgramBytes, kMaxDepth (program.hpp).
Result<Node> Parse(std::string_view source);

}  // namespace mlean::policy

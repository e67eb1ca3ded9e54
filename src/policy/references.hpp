// References: the variable paths of a tree, for audits and reasons.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/ast.hpp"

namespace mlean::policy {

struct Reference {
  std::string text;               // metrics.auc, metrics["val/auc"]
  std::vector<std::string> keys;  // the variable and the fields below it
  std::uint32_t begin = 0;        // where it stands in the source
};

// All of them in order of appearance, each occurrence. Names of types are no references.
std::vector<Reference> FindReferences(const Node& node);

// The value under the path; nullptr when it is absent.
const Value* Lookup(const Value& root, const Reference& reference);

}  // namespace mlean::policy

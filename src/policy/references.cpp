#include "policy/references.hpp"

#include <algorithm>

namespace mlean::policy {
namespace {

bool IsName(const std::string& key) {
  return !key.empty() && !(key[0] >= '0' && key[0] <= '9') && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The keys of a chain of fields and constant indexes on a variable; false when `node` is something else.
bool PathOf(const Node& node, std::vector<std::string>& keys) {
  if (node.op == Op::kVariable) {
    keys.push_back(node.name);
    return true;
  }
  const bool is_field = node.op == Op::kSelect || node.op == Op::kHas;
  const bool is_index = node.op == Op::kIndex && node.children[1].op == Op::kLiteral && node.children[1].value.Is(Kind::kString);
  if ((!is_field && !is_index) || !PathOf(node.children[0], keys)) return false;
  keys.push_back(is_field ? node.name : node.children[1].value.AsString());
  return true;
}

bool IsTypeName(const std::string& name) {
  for (int kind = 0; kind <= static_cast<int>(Kind::kType); ++kind) {
    if (name == TypeName(static_cast<Kind>(kind))) return true;
  }
  return false;
}

void Collect(const Node& node, std::vector<Reference>& out) {
  Reference reference;
  if (!PathOf(node, reference.keys)) {
    for (const Node& child : node.children) Collect(child, out);
    return;
  }
  if (node.op == Op::kVariable && IsTypeName(node.name)) return;
  reference.text = reference.keys[0];
  for (std::size_t i = 1; i < reference.keys.size(); ++i) {
    const std::string& key = reference.keys[i];
    reference.text += IsName(key) ? "." + key : "[" + Show(Value(key)) + "]";
  }
  reference.begin = node.begin;
  out.push_back(std::move(reference));
}

}  // namespace

std::vector<Reference> FindReferences(const Node& node) {
  std::vector<Reference> out;
  Collect(node, out);
  return out;
}

const Value* Lookup(const Value& root, const Reference& reference) {
  const Value* value = &root;
  for (const std::string& key : reference.keys) {
    value = value->Find(key);
    if (value == nullptr) return nullptr;
  }
  return value;
}

}  // namespace mlean::policy

#include "policy/program.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "policy/evaluator.hpp"
#include "policy/parser.hpp"
#include "policy/references.hpp"

namespace mlean::policy {
namespace {

constexpr std::size_t kShownBytes = 120;

// `text` for a message: one line, cut when long.
std::string Quotable(std::string_view text) {
  std::string out(text.substr(0, kShownBytes));
  while (text.size() > kShownBytes && !out.empty() && (out.back() & 0x80) != 0) out.pop_back();
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text.size() > kShownBytes ? out + "…" : out;
}

std::string ShowReference(const Value& root, const Reference& reference) {
  const Value* value = Lookup(root, reference);
  return value == nullptr ? "undefined" : Show(*value);
}

}  // namespace

struct Program::Compiled {
  std::string text;
  Node node;
  std::vector<Reference> references;  // in order of appearance, with repetitions

  std::string TextOf(const Node& part) const {
    return Quotable(std::string_view(text).substr(part.begin, part.end - part.begin));
  }
  // ": a = 1, b = 2" for the references inside `part`; "" when there are none.
  std::string InputsOf(const Node& part, const Value& root) const {
    std::string out;
    std::set<std::string_view> seen;
    for (const Reference& reference : references) {
      const bool inside = reference.begin >= part.begin && reference.begin < part.end;
      if (!inside || !seen.insert(reference.text).second) continue;
      out += fmt::format("{}{} = {}", out.empty() ? ": " : ", ", reference.text, ShowReference(root, reference));
    }
    return out;
  }
};

Result<Program> Program::Compile(std::string_view text) {
  Result<Node> node = Parse(text);
  if (!node) return std::move(node).error().With(fmt::format("cannot compile '{}'", Quotable(text)));
  auto compiled = std::make_shared<Compiled>();
  compiled->text = text;
  compiled->node = *std::move(node);
  compiled->references = FindReferences(compiled->node);
  return Program(std::move(compiled));
}

Result<Value> Program::Evaluate(const Value& root, const Limits& limits) const {
  Result<Value> value = Evaluator(root, limits).Eval(compiled_->node);
  if (!value) return std::move(value).error().With(fmt::format("cannot evaluate '{}'", Quotable(compiled_->text)));
  return value;
}

Decision Program::Decide(const Value& root, const Limits& limits) const {
  Decision decision;
  std::set<std::string_view> seen;
  for (const Reference& reference : compiled_->references) {
    if (seen.insert(reference.text).second) decision.inputs.emplace_back(reference.text, ShowReference(root, reference));
  }
  const Node* part = &compiled_->node;
  Result<Value> value = Evaluator(root, limits).Eval(*part);
  const auto is = [](const Result<Value>& v, bool wanted) { return v && v->Is(Kind::kBool) && v->AsBool() == wanted; };
  if (is(value, true)) {
    decision.allowed = true;
    decision.reason = fmt::format("{} is true{}", compiled_->TextOf(*part), compiled_->InputsOf(*part, root));
    return decision;
  }
  // Down the && chain to the part that says no: the first false one or, when none is, the first that cannot be decided.
  while (part->op == Op::kAnd) {
    Result<Value> left = Evaluator(root, limits).Eval(part->children[0]);
    Result<Value> right = Evaluator(root, limits).Eval(part->children[1]);
    const bool blame_left = is(left, false) || (!is(left, true) && !is(right, false));
    part = &part->children[blame_left ? 0 : 1];
    value = blame_left ? std::move(left) : std::move(right);
  }
  const std::string text = compiled_->TextOf(*part);
  if (!value) {
    decision.reason = fmt::format("{} cannot be decided: {}", text, value.error().what);
  } else if (!value->Is(Kind::kBool)) {
    decision.reason = fmt::format("{} is a {}, not a bool", text, TypeName(value->kind()));
  } else {
    decision.reason = fmt::format("{} is false{}", text, compiled_->InputsOf(*part, root));
  }
  return decision;
}

std::vector<std::string> Program::References() const {
  std::vector<std::string> out;
  for (const Reference& reference : compiled_->references) {
    if (std::find(out.begin(), out.end(), reference.text) == out.end()) out.push_back(reference.text);
  }
  return out;
}

const std::string& Program::text() const { return compiled_->text; }

}  // namespace mlean::policy

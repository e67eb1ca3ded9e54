// Inside of the experiments room: values while an override is parsed, and the functions of the grammar.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "experiments/override.hpp"

namespace mlean::experiments {

// A value or a sweep.
struct Element {
  OverrideValue value;
  bool is_sweep = false;
  bool is_simple = false;  // a sweep written as "a,b"
  bool is_range = false;
  std::vector<OverrideValue> choices;
};

struct Call {
  std::string name;
  std::vector<Element> arguments;
  std::vector<std::pair<std::string, Element>> named;
};

// kInvalid for wrong arguments, kUnsupported for functions that this program has not.
Result<Element> Evaluate(const Call& call);

// As Hydra writes a value: plain texts with escapes, "True", "null", "[1,a]", "{k:v}".
std::string ValueText(const codec::Json& value);

}  // namespace mlean::experiments

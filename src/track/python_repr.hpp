// Texts as Python's repr() writes them, for error messages that MLflow's clients and tests compare.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mlean::track {

// 'a', or "it's" when the text has a single quote and no double quote; control bytes escaped.
std::string PythonRepr(std::string_view text);
// ['a', 'b']
std::string PythonRepr(const std::vector<std::string_view>& texts);

}  // namespace mlean::track

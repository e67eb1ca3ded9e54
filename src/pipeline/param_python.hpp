// Parameters in Python source: what DVC takes from a .py file. Inner header of the pipeline room.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::pipeline {

// Assignments of literals to names at the top level, in classes (below the class's name) and to self.x in their __init__. Tuples
// and sets are lists; with `tuple_key` a tuple is an object of that one key. Assignments of anything else and all other
// statements are passed over. kInvalid for text that is no Python as far as brackets and strings tell.
Result<codec::Json> ParsePythonParams(std::string_view text, std::string_view tuple_key = {});

}  // namespace mlean::pipeline

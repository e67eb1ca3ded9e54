// TOML 1.0 as values. Inner header of the pipeline room.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::pipeline {

// An object. Dates and times are strings as written; with `date_key` each is an object of that one key. `text` is valid UTF-8.
// kInvalid "line 3: expected '='"; nesting over 100 levels is an error too.
Result<codec::Json> ParseToml(std::string_view text, std::string_view date_key = {});

}  // namespace mlean::pipeline

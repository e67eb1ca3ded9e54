// Changing the values of a parameter file in its text. What did not change stays as it was written, as far as the real tool keeps
// it: YAML goes through ruamel's rewriter (comments, order and number formats stay), TOML and Python are changed line by line,
// JSON is written anew on one line. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::experiments {

// `before`: the values that `text` holds; both are objects.
Result<std::string> RewriteYaml(std::string_view text, const codec::Json& before, const codec::Json& after);
std::string RewriteJson(const codec::Json& after);
// The caller must read the result again and compare: a change that cannot be made in the text is left out.
std::string RewriteToml(std::string_view text, const codec::Json& before, const codec::Json& after);
std::string RewritePython(std::string_view text, const codec::Json& before, const codec::Json& after);

}  // namespace mlean::experiments

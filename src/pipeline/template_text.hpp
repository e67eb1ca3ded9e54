// The pieces of templates: expressions in a text, and values as text. Inner header of the pipeline room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/dvc_yaml.hpp"

namespace mlean::pipeline {

// "${inner}" at [begin, end) of a text. A "\${" is none.
struct Expression {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view inner;
};
std::vector<Expression> FindExpressions(std::string_view text);

// The words of an expression joined by dots: "a[0].b" gives "a.0.b". The error (kInvalid) is a drawing of the place:
//   ${a.}
//      ^
//   ParseException: Expected end of text, found '.'  (at char 3), (line:1, col:4)
Result<std::string> ParseExpression(std::string_view inner);

// A value as text inside of another text: true, None, 1e-05; a map as options of a command. kInvalid: it cannot be one.
Result<std::string> ValueText(const codec::Json& value, const ParsingOptions& options);

}  // namespace mlean::pipeline

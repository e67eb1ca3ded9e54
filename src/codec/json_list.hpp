// A JSON list from outside, one element at a time: a long one takes the memory of its text and of one element.
//
//   TRYV(ParseList(body, {.max_values = 100}, [&](const Json& row) { return Add(row); }));
#pragma once

#include <functional>
#include <string_view>

#include "codec/json.hpp"

namespace mlean::codec {

using TakeElement = std::function<Result<void>(const Json& element)>;
// As Json::Parse; `options.max_values` holds for each element. The first error, of the text or of `take`, ends it: elements
// before it have been taken.
Result<void> ParseList(std::string_view text, const JsonParseOptions& options, const TakeElement& take);

}  // namespace mlean::codec

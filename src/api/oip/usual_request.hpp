// The hot path of infer requests: one row, one plain tensor for each feature, as clients mostly send them. One pass over the
// text, no values in between. It is strict and gives up on everything unusual (escapes, other members, many rows, values that do
// not fit their datatype, huge numbers); the whole parser then decides, so there is one place that words the errors.
#pragma once

#include <string>
#include <string_view>

namespace mlean::api::oip {

struct UsualRequest {
  std::string_view id;  // borrowed from the request's text; empty: none
  std::string row;      // the row as a flat JSON object, {"hour":5,"carrier":"AA"}; a repeated name is not noticed
};

// False: not such a request, or not a sound one.
bool ReadUsualRequest(std::string_view text, UsualRequest& out);

}  // namespace mlean::api::oip

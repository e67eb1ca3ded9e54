// Error codes as HTTP statuses, and the error bodies of the dialects. Deterministic errors are never 5xx: clients retry those.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "net/message.hpp"

namespace mlean::api {

int HttpStatus(Code code);
// {"error": "…"}: Open Inference v2 and our own routes ("fix" is added when there is one).
net::Reply ErrorReply(const Error& error);
// A handler's Result in our own API: `status` with JSON, or ErrorReply.
net::Reply ToReply(const Result<codec::Json>& result, int status = 200);
// FastAPI's shape, status 422 for anything wrong with the input: {"detail": [{"loc": ["body"], "msg": "…", "type":
// "value_error"}]}.
net::Reply DetailReply(const Error& error);
// The same shape for what the server itself refuses: no such method, a body over its limit.
net::Reply DetailReply(int status, std::string_view message);

}  // namespace mlean::api

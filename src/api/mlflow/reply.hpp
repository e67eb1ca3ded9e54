// Replies as MLflow's server gives them (reference/mlflow.md 1.1, 3 and 7). Deterministic failures are never 5xx: clients retry
// those for minutes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "net/message.hpp"

namespace mlean::api::mlflow {

// "RESOURCE_DOES_NOT_EXIST" for kNotFound, and so on.
std::string_view ErrorName(Code code);
// What the real server answers to whoever may not, as plain text; an Error with this text becomes that.
inline constexpr std::string_view kPermissionDenied = "Permission denied";

// {"error_code": …, "message": …}; our `fix`, when there is one, ends the message.
net::Reply ErrorReply(const Error& error);
// What the server finds by itself: no such route is ENDPOINT_NOT_FOUND, on which clients fall back to older routes.
net::Reply ErrorReply(int status, std::string_view message);
net::Reply ToReply(const Result<codec::Json>& result);
net::Reply ToReply(Result<net::Reply> result);

// A double as protobuf's JSON: NaN and infinities as texts.
codec::Json DoubleJson(double value);

}  // namespace mlean::api::mlflow

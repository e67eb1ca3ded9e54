#include "api/mlflow/reply.hpp"

#include <cmath>

#include <fmt/format.h>

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::size_t kMaxMessage = 100'000;

int HttpStatus(Code code) {
  switch (code) {
    case Code::kNotFound: return 404;
    case Code::kExists:
    case Code::kConflict:
    case Code::kInvalid:
    case Code::kTooLarge:
    case Code::kUsage: return 400;
    case Code::kDenied: return 403;
    case Code::kBusy: return 503;
    case Code::kTimeout: return 504;
    case Code::kCancelled: return 499;
    case Code::kUnsupported: return 501;
    case Code::kFull: return 507;  // clients do not repeat it
    case Code::kIo:
    case Code::kCorrupt:
    case Code::kInternal: return 500;
  }
  return 500;
}

std::string_view ErrorName(int status) {
  switch (status) {
    case 400: return "BAD_REQUEST";
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404:
    case 405: return "ENDPOINT_NOT_FOUND";
    case 413: return "INVALID_PARAMETER_VALUE";
    case 429: return "REQUEST_LIMIT_EXCEEDED";
    case 503: return "TEMPORARILY_UNAVAILABLE";
    case 507: return "IO_ERROR";
    default: return status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR";
  }
}

// Of a message, which may repeat what was sent.
std::string_view Cut(std::string_view message) {
  if (message.size() <= kMaxMessage) return message;
  std::size_t end = kMaxMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return message.substr(0, end);
}

net::Reply Body(int status, std::string_view name, std::string_view message) {
  const Json body = Json::Object{{"error_code", name}, {"message", Cut(message)}};
  return net::Reply::Json(status, body.Dump());
}

}  // namespace

std::string_view ErrorName(Code code) {
  switch (code) {
    case Code::kNotFound: return "RESOURCE_DOES_NOT_EXIST";
    case Code::kExists: return "RESOURCE_ALREADY_EXISTS";
    case Code::kConflict:
    case Code::kInvalid:
    case Code::kTooLarge: return "INVALID_PARAMETER_VALUE";
    case Code::kUsage: return "BAD_REQUEST";
    case Code::kDenied: return "PERMISSION_DENIED";
    case Code::kBusy: return "TEMPORARILY_UNAVAILABLE";
    case Code::kTimeout: return "DEADLINE_EXCEEDED";
    case Code::kCancelled: return "CANCELLED";
    case Code::kUnsupported: return "NOT_IMPLEMENTED";
    case Code::kFull: return "IO_ERROR";
    case Code::kIo:
    case Code::kCorrupt:
    case Code::kInternal: return "INTERNAL_ERROR";
  }
  return "INTERNAL_ERROR";
}

net::Reply ErrorReply(const Error& error) {
  if (error.what == kPermissionDenied) return net::Reply::Text(403, std::string(kPermissionDenied));
  const std::string message = error.fix.empty() ? error.what : fmt::format("{}; try: {}", error.what, error.fix);
  net::Reply reply = Body(HttpStatus(error.code), ErrorName(error.code), message);
  if (error.code == Code::kBusy) reply.With("Retry-After", "1");
  return reply;
}

net::Reply ErrorReply(int status, std::string_view message) { return Body(status, ErrorName(status), message); }

net::Reply ToReply(const Result<Json>& result) {
  return result ? net::Reply::Json(200, result->Dump()) : ErrorReply(result.error());
}

net::Reply ToReply(Result<net::Reply> result) { return result ? *std::move(result) : ErrorReply(result.error()); }

Json DoubleJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

}  // namespace mlean::api::mlflow

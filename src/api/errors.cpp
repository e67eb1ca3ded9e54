#include "api/errors.hpp"

namespace mlean::api {

int HttpStatus(Code code) {
  switch (code) {
    case Code::kNotFound: return 404;
    case Code::kExists:
    case Code::kConflict: return 409;
    case Code::kInvalid:
    case Code::kUsage: return 400;
    case Code::kDenied: return 403;
    case Code::kBusy: return 503;
    case Code::kTimeout: return 504;
    case Code::kTooLarge: return 413;
    case Code::kUnsupported: return 501;
    case Code::kCancelled: return 499;
    case Code::kFull: return 507;
    case Code::kIo:
    case Code::kCorrupt:
    case Code::kInternal: return 500;
  }
  return 500;
}

net::Reply ErrorReply(const Error& error) {
  codec::Json body = codec::Json::Object{{"error", error.what}};
  if (!error.fix.empty()) body.Set("fix", error.fix);
  net::Reply reply = net::Reply::Json(HttpStatus(error.code), body.Dump());
  if (error.code == Code::kBusy) reply.With("Retry-After", "1");
  return reply;
}

net::Reply ToReply(const Result<codec::Json>& result, int status) {
  return result ? net::Reply::Json(status, result->Dump()) : ErrorReply(result.error());
}

namespace {

net::Reply Detail(int status, codec::Json::Array loc, std::string_view message) {
  codec::Json detail = codec::Json::Object{{"loc", std::move(loc)}, {"msg", message}, {"type", "value_error"}};
  return net::Reply::Json(status, codec::Json(codec::Json::Object{{"detail", codec::Json::Array{std::move(detail)}}}).Dump());
}

}  // namespace

net::Reply DetailReply(int status, std::string_view message) { return Detail(status, {codec::Json("body")}, message); }

net::Reply DetailReply(const Error& error) {
  int status = HttpStatus(error.code);
  if (error.code == Code::kInvalid || error.code == Code::kUsage) status = 422;
  codec::Json::Array loc = {codec::Json("body")};
  // "cannot encode row: column 'hour' is missing" names the field.
  const std::size_t at = error.what.find("column '");
  if (at != std::string::npos) {
    const std::size_t begin = at + 8;
    loc.emplace_back(error.what.substr(begin, error.what.find('\'', begin) - begin));
  }
  net::Reply reply = Detail(status, std::move(loc), error.what);
  if (error.code == Code::kBusy) reply.With("Retry-After", "1");
  return reply;
}

}  // namespace mlean::api

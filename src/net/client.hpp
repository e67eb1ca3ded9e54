// Client: HTTP and HTTPS requests over libcurl, which is opened on first use (kUnsupported with a fix when it is not installed).
//
// A Client keeps one connection alive per host and reuses it. Not thread-safe: one Client per thread. No redirects unless asked
// for, TLS certificates are always checked, responses are bounded. A status such as 404 or 500 is a Response, not an error;
// errors are kTimeout, kIo (refused, reset, name not found, TLS), kInvalid (url), kTooLarge (response), kCancelled (by `sink`).
//
//   Client client;
//   TRY(const Response response, client.Send({.method = "GET", .url = "http://127.0.0.1:5000/health"}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::net {

struct Request {
  std::string method = "GET";
  std::string url;                                           // http:// or https:// only
  std::vector<std::pair<std::string, std::string>> headers;  // names and values without CR, LF, NUL
  std::string body;
  std::string body_file;             // when set, the body is this file, streamed
  std::int64_t timeout_ms = 30'000;  // for the whole exchange; 0: none
  std::int64_t connect_timeout_ms = 5'000;
  std::size_t max_response_bytes = 64u << 20;  // of the body kept in Response::body
  int max_redirects = 0;
  // When set, gets the pieces of the body instead of Response::body (any size); false cancels.
  std::function<bool(std::string_view piece)> sink;
  // "user:password" for basic authorisation, or key id and secret for sigv4.
  std::string user_password;
  std::string aws_sigv4;  // "aws:amz:eu-central-1:s3": sign as AWS Signature V4
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // of the last response, in order, names as sent
  std::string body;

  // First value of a header, "" when absent; the name is compared without case.
  std::string_view Header(std::string_view name) const;
};

class Client {
 public:
  Client();
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  Result<Response> Send(const Request& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlean::net

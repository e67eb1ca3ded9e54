// Inside of the remotes room: AWS Signature Version 4 (docs.aws.amazon.com, "Authenticating Requests"). libcurl 7.88's own does
// not sort the query, which listings need, and cannot sign a streamed body.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/client.hpp"

namespace mlean::remotes {

struct AwsKeys {
  std::string id;
  std::string secret;
  std::string token;  // "" for lasting keys
};

// "20130524T000000Z"
std::string AwsTime(TimeMs time);

// The SHA-256 of the request's body for the signature: of its text or of its part of a file; over TLS a file's is left unsigned
// ("UNSIGNED-PAYLOAD"), as TLS guards it already and it need not be read twice.
Result<std::string> PayloadHash(const net::Request& request);

// Adds X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token and Authorization. The url must be percent-encoded; all headers
// that the request has so far are signed.
void SignAws(net::Request& request, const AwsKeys& keys, std::string_view region, std::string_view service, TimeMs now,
             std::string_view payload_hash);

}  // namespace mlean::remotes

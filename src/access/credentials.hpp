// Credentials: what a request's Authorization header says (RFC 7617, RFC 6750).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mlean::access {

struct Credentials {
  enum class Kind : std::uint8_t { kNone, kPassword, kToken, kUnreadable } kind = Kind::kNone;
  std::string user;    // of kPassword
  std::string secret;  // password or token
};

// kNone for an empty header; kUnreadable for another scheme, text that is no base64 or has no ':', and what is over 4 KiB.
Credentials ReadAuthorization(std::string_view header);

}  // namespace mlean::access

// Inside of the remotes room: what stores want signed. Raw bytes in and out unless said otherwise.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::remotes {

std::string Sha1(std::string_view text);        // for names only
std::string Base64Url(std::string_view bytes);  // without padding
// The bytes that hex digits stand for; "" for anything else.
std::string FromHex(std::string_view hex);
std::string Md5Base64(std::string_view bytes);
// RSASSA-PKCS1-v1_5 with SHA-256 (JWT's RS256) by a PEM private key. kInvalid when it is no RSA key.
Result<std::string> SignRs256(std::string_view pem_key, std::string_view text);

}  // namespace mlean::remotes

// Base64 with padding (RFC 4648, section 4). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlean {

std::string Base64(std::string_view bytes);
// Nothing for text that is not base64, and for over a MiB of it.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace mlean

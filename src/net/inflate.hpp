// Decompression of bodies sent with Content-Encoding gzip (RFC 1952) or deflate (RFC 1950, or raw RFC 1951 as some clients send).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::net {

bool CanInflate(std::string_view encoding);

// `encoding` is "gzip", "x-gzip" or "deflate" in any case. Checksums are verified. Errors: kTooLarge when the result would exceed
// `limit` bytes (no more than that is ever held), kInvalid for anything malformed, kUnsupported for another encoding.
Result<std::string> Inflate(std::string_view encoding, std::string_view data, std::uint64_t limit);

}  // namespace mlean::net

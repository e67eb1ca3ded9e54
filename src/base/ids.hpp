// Identifiers. UUIDv7 (RFC 9562: sorts by time of making) for our own objects, 32 lower-case hex digits for MLflow's.
// Randomness is the operating system's (getrandom); thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.hpp"

namespace mlean {

// "0190163d-8694-739b-aea5-966c26f8ad91"; the first 48 bits are `now`.
std::string NewUuidV7(TimeMs now);
// MLflow run ids: 32 hex digits of a random UUIDv4.
std::string NewHex32();
// `size` random bytes.
void RandomBytes(unsigned char* out, std::size_t size);

}  // namespace mlean

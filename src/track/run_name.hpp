// Default names of runs and logged models: "adjective-noun-123", chosen by the operating system's randomness.
#pragma once

#include <cstdint>
#include <string>

namespace mlean::track {

std::string RandomRunName();
// The name number `seed` picks; the same on every machine.
std::string RunNameFrom(std::uint64_t seed);

}  // namespace mlean::track

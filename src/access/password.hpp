// Passwords: what one must look like, and how it is kept. scrypt (RFC 7914) with N = 2^15, r = 8, p = 1: about 32 MiB and 60 to
// 100 ms a check. The cost stands in the stored text, so it can grow without making old passwords useless.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::access {

constexpr std::size_t kMinPassword = 12;     // characters, as MLflow
constexpr std::size_t kMaxPassword = 1'024;  // bytes

// kInvalid "Password must be at least 12 characters." (MLflow's text), too long, or not UTF-8.
Result<void> CheckPassword(std::string_view password);
// "scrypt$15$8$1$<salt>$<hash>", hex.
Result<std::string> HashPassword(std::string_view password);
// The comparison takes the same time wherever the two differ. False for a stored text that is unsound.
bool PasswordMatches(std::string_view password, std::string_view stored);
// A stored text that no password matches and that takes as long to check as a real one: for names that are no user's.
std::string_view NobodysPassword();

}  // namespace mlean::access

#include "access/password.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"

namespace mlean::access {
namespace {

constexpr int kLogN = 15;
constexpr int kR = 8;
constexpr int kP = 1;
constexpr int kMaxLogN = 20;  // of a stored text: what it may cost us at most
constexpr std::uint64_t kMaxMemory = 1ull << 31;
constexpr std::size_t kSaltSize = 16;
using Hash = std::array<unsigned char, 32>;

std::optional<Hash> Scrypt(std::string_view password, std::string_view salt, int log_n, int r, int p) {
  Hash out{};
  const int done = ::EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                                    salt.size(), std::uint64_t{1} << log_n, static_cast<std::uint64_t>(r),
                                    static_cast<std::uint64_t>(p), kMaxMemory, out.data(), out.size());
  if (done != 1) return std::nullopt;
  return out;
}

std::string Spell(int log_n, int r, int p, std::string_view salt, const Hash& hash) {
  return fmt::format("scrypt${}${}${}${}${}", log_n, r, p, salt, Hex(hash.data(), hash.size()));
}

bool InRange(const std::optional<std::int64_t>& value, std::int64_t most) { return value && *value >= 1 && *value <= most; }

}  // namespace

Result<void> CheckPassword(std::string_view password) {
  std::size_t characters = 0;
  for (const char c : password) characters += (c & 0xc0) != 0x80 ? 1 : 0;
  if (characters < kMinPassword) return Fail(Code::kInvalid, "Password must be at least 12 characters.");
  if (password.size() > kMaxPassword || !IsValidUtf8(password)) {
    return Fail(Code::kInvalid, fmt::format("Password must be UTF-8 of at most {} bytes.", kMaxPassword));
  }
  return {};
}

Result<std::string> HashPassword(std::string_view password) {
  TRYV(CheckPassword(password));
  unsigned char bytes[kSaltSize];
  RandomBytes(bytes, sizeof(bytes));
  const std::string salt = Hex(bytes, sizeof(bytes));
  const std::optional<Hash> hash = Scrypt(password, salt, kLogN, kR, kP);
  if (!hash) return Fail(Code::kInternal, "cannot keep password: scrypt failed; is there memory left?");
  return Spell(kLogN, kR, kP, salt, *hash);
}

bool PasswordMatches(std::string_view password, std::string_view stored) {
  const std::vector<std::string> parts = Split(stored, '$');
  if (parts.size() != 6 || parts[0] != "scrypt" || password.size() > kMaxPassword) return false;
  const auto log_n = ParseInt(parts[1]);
  const auto r = ParseInt(parts[2]);
  const auto p = ParseInt(parts[3]);
  if (!InRange(log_n, kMaxLogN) || !InRange(r, 32) || !InRange(p, 16)) return false;
  const std::optional<Hash> hash =
      Scrypt(password, parts[4], static_cast<int>(*log_n), static_cast<int>(*r), static_cast<int>(*p));
  if (!hash) return false;
  const std::string hex = Hex(hash->data(), hash->size());
  return EqualInConstantTime(hex, parts[5]);
}

std::string_view NobodysPassword() {
  static const std::string* const kStored = [] {
    unsigned char bytes[kSaltSize];
    RandomBytes(bytes, sizeof(bytes));
    Hash never{};
    RandomBytes(never.data(), never.size());
    return new std::string(Spell(kLogN, kR, kP, Hex(bytes, sizeof(bytes)), never));
  }();
  return *kStored;
}

}  // namespace mlean::access

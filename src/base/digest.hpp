// Digests: SHA-256 (audit chain, input hashes, artefacts) and MD5 (DVC's content address; not for security).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mlean {

std::array<std::uint8_t, 32> Sha256(std::string_view bytes);  // no allocation
std::string Sha256Hex(std::string_view bytes);
std::string Md5Hex(std::string_view bytes);
std::string HmacSha256(std::string_view key, std::string_view text);  // raw bytes
// Takes the same time wherever they differ: for signatures and digests of secrets.
bool EqualInConstantTime(std::string_view a, std::string_view b);

// Incremental hashing of data too large to hold. Not thread-safe; one use: Update…, then HexDigest once.
class Hasher {
 public:
  enum class Kind : std::uint8_t { kMd5, kSha256 };
  explicit Hasher(Kind kind);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void Update(const void* data, std::size_t size);
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// FNV-1a, 32 bit: GrowthBook's sticky assignment (reference/serving.md 3.4).
std::uint32_t Fnv1a32(std::string_view text);

}  // namespace mlean

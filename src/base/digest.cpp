#include "base/digest.hpp"

// The plain functions of libcrypto, deprecated since its version 3: the EVP ones that replace them first load a configuration and
// providers, five milliseconds in every process that hashes at all, and cost a short text more than its hash.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <variant>

#include "base/result.hpp"
#include "base/text.hpp"

namespace mlean {

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Hasher::State {
  std::variant<MD5_CTX, SHA256_CTX> context;
};

Hasher::Hasher(Kind kind) : state_(std::make_unique<State>()) {
  if (kind == Kind::kMd5) {
    CHECK_BUG(MD5_Init(&state_->context.emplace<MD5_CTX>()) == 1);
  } else {
    CHECK_BUG(SHA256_Init(&state_->context.emplace<SHA256_CTX>()) == 1);
  }
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::Update(const void* data, std::size_t size) {
  MD5_CTX* const md5 = std::get_if<MD5_CTX>(&state_->context);
  CHECK_BUG((md5 != nullptr ? MD5_Update(md5, data, size) : SHA256_Update(&std::get<SHA256_CTX>(state_->context), data, size)) ==
            1);
}

std::string Hasher::HexDigest() {
  unsigned char bytes[SHA256_DIGEST_LENGTH];
  MD5_CTX* const md5 = std::get_if<MD5_CTX>(&state_->context);
  CHECK_BUG((md5 != nullptr ? MD5_Final(bytes, md5) : SHA256_Final(bytes, &std::get<SHA256_CTX>(state_->context))) == 1);
  return Hex(bytes, md5 != nullptr ? MD5_DIGEST_LENGTH : SHA256_DIGEST_LENGTH);
}

std::array<std::uint8_t, 32> Sha256(std::string_view bytes) {
  std::array<std::uint8_t, 32> out;
  SHA256_CTX context;
  CHECK_BUG(SHA256_Init(&context) == 1 && SHA256_Update(&context, bytes.data(), bytes.size()) == 1 &&
            SHA256_Final(out.data(), &context) == 1);
  return out;
}

std::string Sha256Hex(std::string_view bytes) {
  const std::array<std::uint8_t, 32> digest = Sha256(bytes);
  return Hex(digest.data(), digest.size());
}

std::string HmacSha256(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       out, &size);
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string Md5Hex(std::string_view bytes) {
  Hasher hasher(Hasher::Kind::kMd5);
  hasher.Update(bytes.data(), bytes.size());
  return hasher.HexDigest();
}

std::uint32_t Fnv1a32(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x01000193;
  }
  return hash;
}

}  // namespace mlean

#include "base/digest.hpp"

#include <openssl/evp.h>

#include "base/result.hpp"
#include "base/text.hpp"

namespace mlean {

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

namespace {

// Looked up once: OpenSSL 3 otherwise searches its providers at every use, which costs more than hashing a short text.
const EVP_MD* Algorithm(Hasher::Kind kind) {
  static EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kind == Hasher::Kind::kMd5 ? md5 : sha256;
}

}  // namespace

Hasher::Hasher(Kind kind) : state_(std::make_unique<State>()) {
  CHECK_BUG(EVP_DigestInit_ex(state_->context, Algorithm(kind), nullptr) == 1);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::Update(const void* data, std::size_t size) { CHECK_BUG(EVP_DigestUpdate(state_->context, data, size) == 1); }

std::string Hasher::HexDigest() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK_BUG(EVP_DigestFinal_ex(state_->context, bytes, &size) == 1);
  return Hex(bytes, size);
}

std::string Sha256Hex(std::string_view bytes) {
  Hasher hasher(Hasher::Kind::kSha256);
  hasher.Update(bytes.data(), bytes.size());
  return hasher.HexDigest();
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

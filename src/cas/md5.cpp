#include "cas/md5.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/result.hpp"

namespace mlean::cas {
namespace {

// Looked up once: OpenSSL 3 otherwise searches its providers at every use.
const EVP_MD* Algorithm() {
  static EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return md5;
}

constexpr auto kIsText = [] {
  std::array<bool, 256> table{};
  for (int c = 32; c < 127; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : {'\n', '\r', '\t', '\f', '\b'}) table[static_cast<std::size_t>(c)] = true;
  return table;
}();

}  // namespace

struct Md5Hasher::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  bool begun = false;
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(evp); }
  void Begin() {
    if (begun) return;
    CHECK_BUG(EVP_DigestInit_ex(evp, Algorithm(), nullptr) == 1);
    begun = true;
  }
};

Md5Hasher::Md5Hasher() : context_(std::make_unique<Context>()) {}
Md5Hasher::Md5Hasher(Md5Hasher&&) noexcept = default;
Md5Hasher& Md5Hasher::operator=(Md5Hasher&&) noexcept = default;
Md5Hasher::~Md5Hasher() = default;

void Md5Hasher::Update(std::string_view bytes) {
  context_->Begin();
  CHECK_BUG(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

void Md5Hasher::UpdateLegacy(std::string_view block) {
  if (!LooksLikeText(block.substr(0, 512)) || block.find("\r\n") == block.npos) return Update(block);
  converted_.clear();
  converted_.reserve(block.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block[i] != '\r' || i + 1 == block.size() || block[i + 1] != '\n') converted_.push_back(block[i]);
  }
  Update({converted_.data(), converted_.size()});
}

Md5 Md5Hasher::Finish() {
  context_->Begin();
  Md5 md5;
  unsigned int size = 0;
  CHECK_BUG(EVP_DigestFinal_ex(context_->evp, md5.data(), &size) == 1 && size == md5.size());
  context_->begun = false;
  return md5;
}

Md5 Md5Of(std::string_view bytes) {
  Md5Hasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

bool LooksLikeText(std::string_view block) {
  std::size_t other = 0;
  for (const char c : block) {
    if (c == '\0') return false;
    other += kIsText[static_cast<unsigned char>(c)] ? 0 : 1;
  }
  return block.empty() || static_cast<double>(other) / static_cast<double>(block.size()) <= 0.30;
}

}  // namespace mlean::cas

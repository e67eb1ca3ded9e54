#include "remotes/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/base64.hpp"
#include "base/digest.hpp"

namespace mlean::remotes {

std::string Sha1(std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), out, &size, EVP_sha1(), nullptr);
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string Base64Url(std::string_view bytes) {
  std::string out = Base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  const auto value = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    if (value(hex[i]) < 0 || value(hex[i + 1]) < 0) return {};
    bytes += static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1]));
  }
  return hex.size() % 2 == 0 ? bytes : std::string();
}

std::string Md5Base64(std::string_view bytes) { return Base64(FromHex(Md5Hex(bytes))); }

Result<std::string> SignRs256(std::string_view pem_key, std::string_view text) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem_key.data(), static_cast<int>(pem_key.size())),
                                                      &BIO_free);
  // A key with a passphrase must not ask for it on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return Fail(Code::kInvalid, "cannot sign with the private key: it is no RSA key in PEM form");
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
  std::size_t size = out.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
    return Fail(Code::kInternal, "cannot sign with the private key: OpenSSL refuses");
  }
  out.resize(size);
  return out;
}

}  // namespace mlean::remotes

#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <cstring>

namespace mlean::net {
namespace {

// What OpenSSL says first, "no start line" for example.
std::string FirstError() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* const reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return reason == nullptr ? "unknown" : reason;
}

// A key with a passphrase would ask for it on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

struct TlsContext::Impl {
  ~Impl() { ::SSL_CTX_free(context); }
  SSL_CTX* context = nullptr;
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::Load(const std::string& cert_file, const std::string& key_file) {
  ::ERR_clear_error();
  auto impl = std::make_unique<Impl>();
  impl->context = ::SSL_CTX_new(::TLS_server_method());
  SSL_CTX* const context = impl->context;
  if (context == nullptr) return Fail(Code::kInternal, fmt::format("cannot set up TLS: {}", FirstError()));
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A client that closes its side without saying so by TLS: HTTP knows by itself when a request is not whole.
  ::SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets need no memory here
  ::SSL_CTX_set_default_passwd_cb(context, NoPassphrase);
  if (::SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1) {
    return Fail(Code::kInvalid, fmt::format("cannot read TLS certificate '{}': {}", cert_file, FirstError()));
  }
  if (::SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Fail(Code::kInvalid, fmt::format("cannot read TLS key '{}': {}", key_file, FirstError()));
  }
  if (::SSL_CTX_check_private_key(context) != 1) {
    return Fail(Code::kInvalid,
                fmt::format("cannot use TLS key '{}' with certificate '{}': {}", key_file, cert_file, FirstError()));
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

struct TlsConnection::Impl {
  ~Impl() { ::SSL_free(ssl); }
  SSL* ssl = nullptr;
};

TlsConnection::TlsConnection(std::shared_ptr<const TlsContext> context, int socket)
    : context_(std::move(context)), impl_(std::make_unique<Impl>()) {
  impl_->ssl = ::SSL_new(context_->impl_->context);
  if (impl_->ssl == nullptr || ::SSL_set_fd(impl_->ssl, socket) != 1) {
    broken_ = true;
    return;
  }
  ::SSL_set_accept_state(impl_->ssl);
}

TlsConnection::~TlsConnection() = default;

TlsConnection::Want TlsConnection::Reason(int result) {
  switch (::SSL_get_error(impl_->ssl, result)) {
    case SSL_ERROR_WANT_READ: return Want::kRead;
    case SSL_ERROR_WANT_WRITE: return Want::kWrite;
    case SSL_ERROR_SSL: plain_http_ = ERR_GET_REASON(::ERR_peek_error()) == SSL_R_HTTP_REQUEST; [[fallthrough]];
    case SSL_ERROR_SYSCALL: broken_ = true; break;
    default: break;
  }
  ::ERR_clear_error();
  return Want::kEnd;
}

TlsConnection::Want TlsConnection::Handshake() {
  if (broken_) return Want::kEnd;
  ::ERR_clear_error();
  const int result = ::SSL_do_handshake(impl_->ssl);
  return result == 1 ? Want::kNothing : Reason(result);
}

TlsConnection::Moved TlsConnection::Read(std::span<char> space) {
  if (broken_) return {0, Want::kEnd};
  ::ERR_clear_error();
  std::size_t bytes = 0;
  const int result = ::SSL_read_ex(impl_->ssl, space.data(), space.size(), &bytes);
  if (result == 1) return {bytes, Want::kNothing};
  return {0, Reason(result)};
}

TlsConnection::Moved TlsConnection::Write(std::string_view bytes) {
  if (broken_) return {0, Want::kEnd};
  ::ERR_clear_error();
  std::size_t written = 0;
  const int result = ::SSL_write_ex(impl_->ssl, bytes.data(), bytes.size(), &written);
  if (result == 1) return {written, Want::kNothing};
  write_want_ = Reason(result);
  return {0, write_want_};
}

bool TlsConnection::PeerIsGone() {
  if (broken_) return true;
  ::ERR_clear_error();
  char byte = 0;
  std::size_t bytes = 0;
  const int result = ::SSL_peek_ex(impl_->ssl, &byte, 1, &bytes);
  return result != 1 && Reason(result) == Want::kEnd;
}

void TlsConnection::Shutdown() {
  if (broken_ || ::SSL_in_init(impl_->ssl) != 0) return;
  ::ERR_clear_error();
  ::SSL_shutdown(impl_->ssl);
  ::ERR_clear_error();
}

}  // namespace mlean::net

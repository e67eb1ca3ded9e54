// Authorization headers of anybody: no crash, and what is read has the parts of its kind.
#include <cstdint>
#include <cstdlib>

#include "access/credentials.hpp"
#include "access/password.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Kind = mlean::access::Credentials::Kind;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mlean::access::Credentials read = mlean::access::ReadAuthorization(text);
  if (read.kind == Kind::kToken && (read.secret.empty() || !read.user.empty())) std::abort();
  if (read.kind == Kind::kPassword && read.user.find(':') != std::string::npos) std::abort();
  if ((read.kind == Kind::kNone || read.kind == Kind::kUnreadable) && !(read.user + read.secret).empty()) std::abort();
  static_cast<void>(mlean::access::CheckPassword(text));
  return 0;
}

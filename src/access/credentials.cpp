#include "access/credentials.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

namespace mlean::access {
namespace {

constexpr std::size_t kMaxHeader = 4096;

}  // namespace

Credentials ReadAuthorization(std::string_view header) {
  using Kind = Credentials::Kind;
  header = Trim(header);
  if (header.empty()) return {};
  const std::size_t blank = header.find(' ');
  if (header.size() > kMaxHeader || blank == header.npos) return {Kind::kUnreadable, {}, {}};
  const std::string scheme = ToLower(header.substr(0, blank));
  const std::string_view rest = Trim(header.substr(blank));
  if (scheme == "bearer" && !rest.empty()) return {Kind::kToken, {}, std::string(rest)};
  if (scheme != "basic") return {Kind::kUnreadable, {}, {}};
  const std::optional<std::string> pair = FromBase64(rest);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return {Kind::kUnreadable, {}, {}};
  return {Kind::kPassword, pair->substr(0, colon), pair->substr(colon + 1)};
}

}  // namespace mlean::access

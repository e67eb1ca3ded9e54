// Urls of remotes, AWS's INI files and Azure's connection strings. A url for messages holds neither password nor query.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "remotes/aws_profile.hpp"
#include "remotes/azure_sign.hpp"
#include "remotes/object_id.hpp"
#include "remotes/options.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::remotes;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!SchemeOf(text).empty()) {
    const std::string safe = SafeUrl(text);
    if (safe.find_first_of("?#") != std::string::npos || !SplitUrl(safe).password.empty()) std::abort();
  }
  for (const char c : MendUrl(text)) {
    if (c <= ' ' || c == 0x7f) std::abort();
  }
  SplitRemoteUrl(text);
  if (const auto id = ObjectOfKey(text); id && id->Key() != text) std::abort();
  ReadIni(text);
  ReadConnectionString(text);
  return 0;
}

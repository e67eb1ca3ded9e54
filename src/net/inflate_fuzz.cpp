// Compressed bodies: never more than the limit, never a crash.
#include <cstdint>
#include <cstdlib>

#include "net/inflate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t kLimit = 100'000;
  for (const char* encoding : {"gzip", "deflate"}) {
    const auto plain = mlean::net::Inflate(encoding, text, kLimit);
    if (plain && plain->size() > kLimit) std::abort();
  }
  return 0;
}

#include "base/ids.hpp"

#include <sys/random.h>

#include "base/text.hpp"

namespace mlean {

void RandomBytes(unsigned char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = getrandom(out, size, 0);
    CHECK_BUG(got > 0);  // never fails for small sizes once the pool is initialised
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

std::string NewUuidV7(TimeMs now) {
  unsigned char bytes[16];
  RandomBytes(bytes, sizeof bytes);
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(now >> (8 * (5 - i)));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x70);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  const std::string hex = Hex(bytes, sizeof bytes);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string NewHex32() {
  unsigned char bytes[16];
  RandomBytes(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  return Hex(bytes, sizeof bytes);
}

}  // namespace mlean

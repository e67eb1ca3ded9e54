#include "predictions/checksum.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace mlean::predictions {
namespace {

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t Crc32cFast(const unsigned char* at, std::size_t size) {
  std::uint64_t crc = 0xFFFFFFFF;
  for (; size >= 8; at += 8, size -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  for (; size > 0; ++at, --size) crc = _mm_crc32_u8(static_cast<std::uint32_t>(crc), *at);
  return ~static_cast<std::uint32_t>(crc);
}
#endif

}  // namespace

std::uint32_t Crc32cPortable(const void* data, std::size_t size) {
  const auto* at = static_cast<const unsigned char*>(data);
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::size_t i = 0; i < size; ++i) crc = crc >> 8 ^ kTable[(crc ^ at[i]) & 0xFF];
  return ~crc;
}

std::uint32_t Crc32c(const void* data, std::size_t size) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return Crc32cFast(static_cast<const unsigned char*>(data), size);
#endif
  return Crc32cPortable(data, size);
}

}  // namespace mlean::predictions

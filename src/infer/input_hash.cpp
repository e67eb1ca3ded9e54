#include "infer/input_hash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/digest.hpp"

namespace mlean::infer {
namespace {

void Put32(char* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

std::array<std::uint8_t, 16> InputHash(std::span<const float> row) {
  constexpr std::size_t kStackBytes = 1028;
  const std::size_t size = 4 + 4 * row.size();
  std::array<char, kStackBytes> stack;
  std::vector<char> heap(size > kStackBytes ? size : 0);
  char* const bytes = heap.empty() ? stack.data() : heap.data();
  Put32(bytes, static_cast<std::uint32_t>(row.size()));
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::uint32_t bits = std::isnan(row[i]) ? 0x7fc00000U : std::bit_cast<std::uint32_t>(row[i] + 0.0F);  // -0 + 0 = +0
    Put32(bytes + 4 + 4 * i, bits);
  }
  const std::array<std::uint8_t, 32> digest = Sha256({bytes, size});
  std::array<std::uint8_t, 16> out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

}  // namespace mlean::infer

#include "drift/sorting.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>

namespace mlean::drift {

namespace {

// Three passes over the upper 33 bits (sign, exponent, 21 bits of mantissa) order nearly all values; the few neighbours that
// agree in them are sorted afterwards by all bits.
constexpr unsigned kDigitBits = 11;
constexpr unsigned kPasses = 3;
constexpr unsigned kLowBits = 64 - kPasses * kDigitBits;
constexpr std::size_t kBuckets = 1u << kDigitBits;
constexpr std::size_t kSmall = 4096;  // below it the counting tables cost more than std::sort

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

// Flips bits so that unsigned order is the order of the doubles, and back.
std::uint64_t Encode(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}
std::size_t Digit(std::uint64_t key, unsigned pass) { return (key >> (kLowBits + pass * kDigitBits)) & (kBuckets - 1); }
double Decode(std::uint64_t key) { return std::bit_cast<double>((key & kSign) != 0 ? key & ~kSign : ~key); }

void SortWithinPrefixes(std::vector<std::uint64_t>& keys) {
  for (std::size_t begin = 0; begin < keys.size();) {
    const std::uint64_t prefix = keys[begin] >> kLowBits;
    bool sorted = true;
    std::size_t end = begin + 1;
    for (; end < keys.size() && keys[end] >> kLowBits == prefix; ++end) sorted = sorted && keys[end - 1] <= keys[end];
    if (!sorted) std::sort(&keys[begin], &keys[begin] + (end - begin));
    begin = end;
  }
}

}  // namespace

void SortAscending(std::vector<double>& values) {
  if (values.size() < kSmall || values.size() > std::numeric_limits<std::uint32_t>::max()) {
    for (double& value : values) value += 0.0;
    std::sort(values.begin(), values.end());
    return;
  }
  std::array<std::array<std::uint32_t, kBuckets>, kPasses> counts{};
  std::vector<std::uint64_t> keys(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    keys[i] = Encode(values[i]);
    for (unsigned pass = 0; pass < kPasses; ++pass) ++counts[pass][Digit(keys[i], pass)];
  }
  std::vector<std::uint64_t> other(values.size());
  for (unsigned pass = 0; pass < kPasses; ++pass) {
    auto& count = counts[pass];
    if (count[Digit(keys[0], pass)] == keys.size()) continue;  // all values share this digit
    std::uint32_t start = 0;
    for (std::uint32_t& slot : count) start += std::exchange(slot, start);
    for (const std::uint64_t key : keys) other[count[Digit(key, pass)]++] = key;
    keys.swap(other);
  }
  SortWithinPrefixes(keys);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = Decode(keys[i]);
}

}  // namespace mlean::drift

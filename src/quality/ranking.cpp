#include "quality/ranking.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "base/result.hpp"

namespace mlean::quality {

namespace {

// Three passes over the upper 33 bits (sign, exponent, 21 bits of mantissa) order nearly all rows; the few neighbours that agree
// in them are sorted afterwards by all bits.
constexpr unsigned kDigitBits = 11;
constexpr unsigned kPasses = 3;
constexpr unsigned kLowBits = 64 - kPasses * kDigitBits;
constexpr std::size_t kBuckets = 1u << kDigitBits;
constexpr std::size_t kSmall = 2048;  // below it the counting tables cost more than std::sort

// Flips the bits so that unsigned order equals the order of the doubles.
std::uint64_t OrderedKey(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // −0 + 0 = 0
  return (bits >> 63) != 0 ? ~bits : bits | (std::uint64_t{1} << 63);
}

std::size_t Digit(std::uint64_t key, unsigned pass) { return (key >> (kLowBits + pass * kDigitBits)) & (kBuckets - 1); }

bool Below(const Ranked& a, const Ranked& b) { return a.key < b.key; }

void SortWithinPrefixes(std::vector<Ranked>& rows) {
  for (std::size_t begin = 0; begin < rows.size();) {
    const std::uint64_t prefix = rows[begin].key >> kLowBits;
    bool sorted = true;
    std::size_t end = begin + 1;
    for (; end < rows.size() && rows[end].key >> kLowBits == prefix; ++end) sorted = sorted && rows[end - 1].key <= rows[end].key;
    if (!sorted) std::sort(&rows[begin], &rows[begin] + (end - begin), Below);
    begin = end;
  }
}

}  // namespace

std::vector<Ranked> SortByScore(Labels labels, Scores scores) {
  CHECK_BUG(labels.size() == scores.size());
  CHECK_BUG(scores.size() < std::numeric_limits<std::uint32_t>::max());
  const std::size_t rows = scores.size();
  std::vector<Ranked> sorted(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    sorted[i] = {OrderedKey(scores[i]), static_cast<std::uint32_t>(i), labels[i]};
  }
  if (rows < kSmall) {
    std::sort(sorted.begin(), sorted.end(), Below);
    return sorted;
  }
  std::array<std::array<std::uint32_t, kBuckets>, kPasses> counts{};
  for (const Ranked& item : sorted) {
    for (unsigned pass = 0; pass < kPasses; ++pass) ++counts[pass][Digit(item.key, pass)];
  }
  std::vector<Ranked> other(rows);
  for (unsigned pass = 0; pass < kPasses; ++pass) {
    auto& count = counts[pass];
    if (count[Digit(sorted[0].key, pass)] == rows) continue;  // all rows share this digit
    std::uint32_t start = 0;
    for (std::uint32_t& slot : count) start += std::exchange(slot, start);
    for (const Ranked& item : sorted) other[count[Digit(item.key, pass)]++] = item;
    sorted.swap(other);
  }
  SortWithinPrefixes(sorted);
  return sorted;
}

}  // namespace mlean::quality

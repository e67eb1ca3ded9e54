#include "rollout/split.hpp"

#include <array>
#include <charconv>

namespace mlean::rollout {
namespace {

constexpr std::uint32_t kFnvStart = 0x811c9dc5;
constexpr std::uint32_t kFnvPrime = 0x01000193;
constexpr std::uint32_t kPlaces = 10'000;

std::uint32_t Fnv1a(std::string_view text, std::uint32_t hash = kFnvStart) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

std::uint32_t PlaceOf(std::string_view seed, std::string_view key) {
  const std::uint32_t first = Fnv1a(key, Fnv1a(seed));
  std::array<char, 10> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), first).ptr;
  return Fnv1a({digits.data(), static_cast<std::size_t>(end - digits.data())}) % kPlaces;
}

}  // namespace

std::string_view VariantName(Variant variant) { return variant == Variant::kCandidate ? "candidate" : "champion"; }

double HashToUnit(std::string_view seed, std::string_view key) { return static_cast<double>(PlaceOf(seed, key)) / kPlaces; }

Variant AssignVariant(std::string_view seed, std::string_view key, double weight) {
  return HashToUnit(seed, key) < weight ? Variant::kCandidate : Variant::kChampion;
}

}  // namespace mlean::rollout

// Split: which variant answers a request. Pure, sticky, without state or allocation.
//
// A key (user, entity or request id) is hashed with the rollout's own seed into one of 10,000 places in [0, 1): GrowthBook's hash
// version 2, n = fnv1a32(text(fnv1a32(seed + key))) mod 10000 / 10000 (hashing twice removes the correlation between rollouts
// whose seeds differ little; of UTF-8 bytes, which is GrowthBook's own for ASCII). The candidate gets the places below its
// weight. So with one seed
//  - the same key always gives the same place, on any machine and in any process;
//  - raising the weight only moves keys from champion to candidate, lowering it sends the last ones back first;
//  - weight 0 sends nobody, weight 1 everybody to the candidate; steps finer than 0.0001 round.
#pragma once

#include <cstdint>
#include <string_view>

namespace mlean::rollout {

enum class Variant : std::uint8_t { kChampion, kCandidate };

// "champion", "candidate": the value of the reply header mlean-variant.
std::string_view VariantName(Variant variant);

// The place of `key`: 0, 0.0001 … 0.9999.
double HashToUnit(std::string_view seed, std::string_view key);

Variant AssignVariant(std::string_view seed, std::string_view key, double weight);

}  // namespace mlean::rollout

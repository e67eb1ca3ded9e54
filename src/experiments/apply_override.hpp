// Applying overrides to the values of a parameter file, by the rules of Hydra over OmegaConf: "key" must be there, "+key" must
// not (but may add to a map or replace a list), "++key" may be either, "~key" must be there, with that value when one is given.
// Maps are merged, everything else is replaced. Segments of a key are names, and indices of lists that are long enough.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "experiments/override.hpp"

namespace mlean::experiments {

// The values with all overrides applied in turn. None of them is a sweep. Errors: kInvalid with Hydra's texts, "Could not
// override 'lr'.\nTo append to your config use +lr=1".
Result<codec::Json> Apply(const codec::Json& params, const std::vector<Override>& overrides);

}  // namespace mlean::experiments

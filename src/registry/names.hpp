// MLflow's rules for names, aliases and tags of the registry, with its error texts. Pure functions.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "registry/types.hpp"

namespace mlean::registry {

// Not blank, no '/' and ':', not "." and "..", at most 256 bytes of UTF-8.
Result<void> CheckModelName(std::string_view name);
// [\w-]{1,255} (base/words.hpp); not "latest" and not v<digits>, in any case.
Result<void> CheckAlias(std::string_view alias);
// Keys: 1 … 250 characters of [/\w.\- :]; values: at most 100,000 characters.
Result<void> CheckTag(const Tag& tag);

}  // namespace mlean::registry

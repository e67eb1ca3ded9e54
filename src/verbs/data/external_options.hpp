// What `get`, `import` and `ls` share: the options that say which repository, and how it is read.
#pragma once

#include <vector>

#include "flows/data/external_repo.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// --rev --config --remote --remote-config
std::vector<OptionSpec> ExternalOptions();
// Of the positionals URL and PATH and those options. Clones are kept in the project around the working directory, if there is
// one. kUsage for a --remote-config that is no NAME=VALUE.
Result<flows::ExternalRequest> ExternalRequestOf(const Arguments& arguments, const Context& context);
// The values of a list option of NAME=VALUE (--remote-config, --fs-config) as an object.
Result<codec::Json> NamedValues(const Arguments& arguments, const std::string& option);

}  // namespace mlean::verbs

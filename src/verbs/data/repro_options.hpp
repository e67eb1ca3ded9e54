// What `repro` and `exp run` have in common: which stages, and how they run.
#pragma once

#include <vector>

#include "pipeline/reproduce.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// TARGET, -f, -i, -s, -p, -P, -R … but not -j, which means other things.
std::vector<OptionSpec> ReproOptions();
// All but `confirm` and `jobs`.
pipeline::ReproduceOptions ReadReproOptions(const Arguments& arguments, const Context& context);

}  // namespace mlean::verbs

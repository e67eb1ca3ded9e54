// What the pipeline and the flows of DVC's commands have to say, printed as DVC prints it.
#pragma once

#include "pipeline/place.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// Warnings on stderr, the rest on stdout; nothing with --quiet.
pipeline::Say SayFor(const Context& context);

}  // namespace mlean::verbs

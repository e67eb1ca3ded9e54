// The server: everything in one process. Start order: workspace, models, HTTP, loop thread; stop order: HTTP drains, loop thread,
// rest.
#pragma once

#include <string>

#include "verbs/verb.hpp"

namespace mlean::app {

inline constexpr const char* kVersion = "0.1.0";

verbs::VerbSpec ServerVerb();

}  // namespace mlean::app

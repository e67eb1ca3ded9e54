// Every verb of the program, in the order of the overview. Explicit and greppable; no static registration.
#pragma once

#include <vector>

#include "verbs/verb.hpp"

namespace mlean::app {

std::vector<verbs::VerbSpec> VerbTable();

}  // namespace mlean::app

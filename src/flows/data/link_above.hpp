// LinkAbove: what lies behind a link to a folder may be anybody's.
#pragma once

#include <string>

#include "pipeline/place.hpp"

namespace mlean::flows {

// The lowest folder of the project above `location` that is a symbolic link; empty when none is.
std::string LinkAbove(const pipeline::Place& place, const std::string& location);

}  // namespace mlean::flows

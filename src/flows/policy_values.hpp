// JSON as policy values, for the variables of gates and triggers.
#pragma once

#include "codec/json.hpp"
#include "policy/value.hpp"

namespace mlean::flows {

policy::Value ToPolicyValue(const codec::Json& json);

}  // namespace mlean::flows

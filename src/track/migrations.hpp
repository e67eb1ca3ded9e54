// The tables of the track room. Experiment "0" (Default) is part of the first step.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::track {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::track

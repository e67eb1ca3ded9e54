// The tables of the registry room.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::registry {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::registry

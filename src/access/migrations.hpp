// Schema of the access room.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::access {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::access

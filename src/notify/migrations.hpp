// The tables of the notify room.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::notify {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::notify

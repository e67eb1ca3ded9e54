// The tables of the sched room.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::sched {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::sched

// The loop's tables: turns and their steps, validation results by content, monitor windows.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::loop {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::loop

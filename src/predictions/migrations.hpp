// The tables of the predictions room: late labels.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::predictions {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::predictions

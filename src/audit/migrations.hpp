// Schema of the audit room.
#pragma once

#include <vector>

#include "sql/database.hpp"

namespace mlean::audit {

std::vector<sql::Migration> Migrations();

}  // namespace mlean::audit

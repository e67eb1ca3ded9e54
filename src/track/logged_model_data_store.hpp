// Inside of this room: reads a logged model by its small number.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

Result<LoggedModel> ReadLoggedModel(sql::Conn& conn, std::int64_t model);

}  // namespace mlean::track

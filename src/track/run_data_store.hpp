// Inside of this room: reads runs by their small number.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

Result<RunInfo> ReadRunInfo(sql::Conn& conn, std::int64_t run);
Result<Run> ReadRun(sql::Conn& conn, std::int64_t run);

}  // namespace mlean::track

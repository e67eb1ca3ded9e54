// Params of runs: written once. The same value again is no change; another value is kConflict with MLflow's text. Values over
// 6000 characters are cut.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

// Error text of runs/log-parameter: "Changing param values is not allowed. Param with key='a' was already logged with value='1'
// …".
Result<void> LogParam(sql::Txn& txn, std::string_view run_id, const Param& param);
// Error text of runs/log-batch, which lists every changed key.
Result<void> LogParams(sql::Txn& txn, std::string_view run_id, const std::vector<Param>& params);

}  // namespace mlean::track

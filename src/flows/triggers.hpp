// Triggers: does what was just observed, or the clock, ask for a turn? The expressions of retrain.when see drift.share,
// performance.*, requests, labelled and data.NAME.rows_added_ratio (rows now against rows at the last turn); what is undefined
// triggers nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "flows/workspace.hpp"
#include "loop/window_store.hpp"

namespace mlean::flows {

struct Cause {
  std::string kind;                              // "performance", "drift", "data", "schedule"
  std::string detail;                            // the expression's reason
  std::function<Result<void>(sql::Txn&)> taken;  // run in the transaction that starts the turn: the trigger is used up
};
// The name of a model's cron line among the schedules.
std::string ScheduleName(const std::string& model);
// By the newest window that no trigger has looked at yet (older ones were overtaken while nothing ran). Within the cooldown of
// the last turn: nothing, and the passed-over trigger is recorded.
Result<std::optional<Cause>> TriggerByWindow(Workspace& workspace, const repo::ModelConfig& model);
// The model's cron slot that is due, claimed; each slot fires once.
Result<std::optional<Cause>> TriggerBySchedule(Workspace& workspace, const repo::ModelConfig& model);

}  // namespace mlean::flows

// What mlean.yaml says in languages of its own, checked when it is read, not when it is used: the expressions of gate, abort_if,
// performance and when, the cron line of retrain.schedule, the method of monitor.drift.
#pragma once

#include <string>

#include "flows/workspace.hpp"

namespace mlean::flows {

// The first that is unsound: kInvalid "mlean.yaml:20:11: cannot compile 'metrics.auc >': 1:14: expected an expression". Names
// that an expression uses are known only when it is decided.
Result<void> CheckConfig(const repo::LoopConfig& config);

// mlean.yaml, read and checked.
Result<repo::LoopConfig> LoadCheckedConfig(const repo::Project& project);

// Reads mlean.yaml again; when it is unsound, the last good one is kept. Returns what is wrong then, else "".
std::string ReloadOrKeepConfig(Workspace& workspace);

}  // namespace mlean::flows

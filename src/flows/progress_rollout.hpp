// A rollout's progress: what live traffic says so far, the next step, the end. Promotion and abort are one transaction each:
// state, alias, audit event, alert.
#pragma once

#include <optional>
#include <string>

#include "flows/workspace.hpp"
#include "rollout/rollout_store.hpp"
#include "serving/live_model.hpp"

namespace mlean::flows {

// Looks at the running rollout of the live model once: aborts, advances, promotes or leaves it. True when something changed.
Result<bool> ProgressRollout(Workspace& workspace, serving::LiveModel& live);
// Ends the rollout against the candidate; idempotent. `reason` goes to the record, the chain and the alert.
// `at`: when it was decided.
Result<void> AbortRollout(Workspace& workspace, const std::string& rollout_id, const std::string& reason, TimeMs at);

}  // namespace mlean::flows

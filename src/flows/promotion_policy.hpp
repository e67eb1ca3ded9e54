// What may be put into production by hand: the gate and the approvals of mlean.yaml hold for `mlean models promote|alias` and
// MLflow's API as they hold for a turn, and `registry.ungated` says what becomes of a change that goes around them: `deny`
// refuses it, `record` (the default) lets it pass with an event `version.ungated` and an alert `promotion.ungated`, `allow` only
// leaves the event that every change leaves. Turns and rollouts do not come through here: they have asked the gate themselves.
#pragma once

#include <string>

#include "flows/workspace.hpp"

namespace mlean::flows {

// `change` is what is about to be done, "champion" or "stage Production". kDenied, with the command that would help as its fix.
Result<void> AdmitByHand(sql::Txn& txn, const Workspace& workspace, const std::string& model, int version,
                         const std::string& change, const std::string& why);

}  // namespace mlean::flows

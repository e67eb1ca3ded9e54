// Monitoring: what the live data of a model looked like between two instants (drift of features and predictions against the
// reference, realised performance on the labels that came), and the windows of mlean.yaml that are over.
//
// A window is closed when its labels have had their time (monitor.labels.delay after its end); it is computed once and kept.
#pragma once

#include <optional>
#include <vector>

#include "flows/workspace.hpp"
#include "loop/window_store.hpp"

namespace mlean::flows {

// {"requests", "labelled", "coverage", "versions": {"1": n}, "version", "drift": {"share","drifted","judged","dataset_drift",
//  "columns": [{"name","method","score","threshold","verdict"}]}, "performance": {"auc", …}}.
// "drift" is absent without a reference, "performance" without labels.
Result<codec::Json> ObserveWindow(Workspace& workspace, const repo::ModelConfig& model, TimeMs from, TimeMs to);

// Closes the windows that are due, oldest first, at most `limit`; stores each with its event, and alerts on broken performance
// rules and on drift. Returns the new ones.
Result<std::vector<loop::Window>> CloseWindows(Workspace& workspace, const repo::ModelConfig& model, std::size_t limit = 100);

}  // namespace mlean::flows

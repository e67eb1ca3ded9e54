// Pages for people, static documents that read the API: GET /, the status (models, rollouts, turns, windows, alerts, the audit
// chain), and GET /tracking, experiments, runs and registered models. MLflow's clients print addresses such as
// /#/experiments/3/runs/ID: the status page hands those to /tracking.
#pragma once

#include "net/router.hpp"

namespace mlean::ui {

void BindPages(net::Router& router);

}  // namespace mlean::ui

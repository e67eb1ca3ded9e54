// GET /: a plain status page: models, rollouts, turns, windows, alerts, the audit chain. One static document; it reads the API.
#pragma once

#include "net/router.hpp"

namespace mlean::ui {

void BindStatusPage(net::Router& router);

}  // namespace mlean::ui

// GET /health (OK from the moment the server is up), /ready (every champion is loaded, not draining), /version, /metrics.
#pragma once

#include <string>

#include "base/metrics.hpp"
#include "net/router.hpp"
#include "serving/live_models.hpp"

namespace mlean::api {

void BindHealth(net::Router& router, const serving::LiveModels& models, Metrics& metrics, const std::string& version);

}  // namespace mlean::api

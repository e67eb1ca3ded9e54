// Open Inference Protocol v2 over REST: server and model metadata, health, readiness, infer, repository index.
#pragma once

#include "base/clock.hpp"
#include "net/router.hpp"
#include "serving/live_models.hpp"

namespace mlean::api::oip {

void BindV2(net::Router& router, const serving::LiveModels& models, const Clock& clock, std::string server_version);

}  // namespace mlean::api::oip

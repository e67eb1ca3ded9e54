// POST /predict/{model}: one flat JSON object (or a list of them) in, {"prediction": …} (or a list) out; 422 with detail[] on bad
// input.
#pragma once

#include "base/clock.hpp"
#include "net/router.hpp"
#include "serving/live_models.hpp"

namespace mlean::api {

void BindPredict(net::Router& router, const serving::LiveModels& models, const Clock& clock);

}  // namespace mlean::api

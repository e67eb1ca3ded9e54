// The loop's records as JSON: one shape for the CLI's --json and the HTTP API.
#pragma once

#include "audit/event_store.hpp"
#include "codec/json.hpp"
#include "loop/turn_store.hpp"
#include "loop/window_store.hpp"
#include "registry/types.hpp"
#include "rollout/rollout_store.hpp"

namespace mlean::flows {

codec::Json TurnJson(const loop::Turn& turn);
codec::Json StepJson(const loop::TurnStep& step);
codec::Json WindowJson(const loop::Window& window);
codec::Json RolloutJson(const rollout::Rollout& rollout);
codec::Json VersionJson(const registry::ModelVersion& version);
codec::Json EventJson(const audit::Event& event);

}  // namespace mlean::flows

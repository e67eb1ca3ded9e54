// Our own API, /api/mlean/v1: turns, rollouts, monitor windows, labels, models, lineage, audit chain, alerts, control. One file
// per resource. Handlers run on the pool. They use a handle on the database of their own, so that a turn at work never makes them
// wait.
#pragma once

#include <functional>
#include <mutex>

#include "api/rights.hpp"
#include "flows/tick.hpp"
#include "net/router.hpp"
#include "serving/live_models.hpp"

namespace mlean::api {

struct ApiContext {
  flows::Workspace& workspace;  // the API's own; its config is read again under `config_mutex`
  std::mutex& config_mutex;
  serving::LiveModels& models;
  std::function<Result<flows::TickReport>()> tick;  // runs one tick and waits for it
  std::function<void()> wake;                       // asks for a tick soon
  Rules rules;
};

// ---- for the files of this folder
inline constexpr codec::JsonParseOptions kOfApi{.max_values = 250'000};  // of a body
// kDenied unless the call's sender has `level` on the model.
Result<void> Require(const net::Call& call, ApiContext& context, std::string_view model, access::Level level);
// For lists: whether the sender is shown what is about the model.
Result<bool> MayRead(sql::Conn& conn, const net::Call& call, const ApiContext& context, std::string_view model);
// The workspace as the one in which the call's sender acts. Takes config_mutex.
flows::Workspace Acting(const net::Call& call, ApiContext& context);

void BindTurns(net::Router& router, ApiContext& context);
void BindRollouts(net::Router& router, ApiContext& context);
void BindWindows(net::Router& router, ApiContext& context);
void BindLabels(net::Router& router, ApiContext& context);
void BindRuns(net::Router& router, ApiContext& context);
void BindModels(net::Router& router, ApiContext& context);
void BindLineage(net::Router& router, ApiContext& context);
void BindAudit(net::Router& router, ApiContext& context);
void BindControl(net::Router& router, ApiContext& context);
// After all others: GET /api/mlean/v1/openapi.json lists what was bound.
void BindOpenApi(net::Router& router, const std::string& version);

}  // namespace mlean::api

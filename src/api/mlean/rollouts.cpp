// GET /rollouts[?model=], POST /rollouts/{id}/abort {"reason"}.
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "flows/progress_rollout.hpp"
#include "flows/render.hpp"

namespace mlean::api {
namespace {

using codec::Json;

Result<Json> ListRollouts(const net::Call& call, ApiContext& context) {
  rollout::ListFilter filter;
  filter.model = call.Query("model");
  TRY(const auto rollouts, context.workspace.db->Read([&](sql::Conn& conn) { return rollout::List(conn, filter); }));
  Json list = Json::Array{};
  TRYV(context.workspace.db->Read([&](sql::Conn& conn) -> Result<void> {
    for (const rollout::Rollout& one : rollouts) {
      TRY(const bool may, MayRead(conn, call, context, one.model));
      if (may) list.Push(flows::RolloutJson(one));
    }
    return {};
  }));
  return Json(Json::Object{{"rollouts", std::move(list)}});
}

Result<Json> AbortRollout(const net::Call& call, ApiContext& context) {
  TRY(const Json body, Json::Parse(call.body.empty() ? std::string_view("{}") : call.body, kOfApi));
  TRY(const std::string reason, body.StringAt("reason", "aborted by hand"));
  const std::string id(call.Path("id"));
  TRY(const rollout::Rollout before, context.workspace.db->Read([&](sql::Conn& conn) { return rollout::Get(conn, id); }));
  TRYV(Require(call, context, before.model, access::Level::kEdit));
  flows::Workspace acting = Acting(call, context);
  TRYV(flows::AbortRollout(acting, id, reason, context.workspace.Now()));
  context.wake();
  TRY(const rollout::Rollout after, context.workspace.db->Read([&](sql::Conn& conn) { return rollout::Get(conn, id); }));
  return flows::RolloutJson(after);
}

}  // namespace

void BindRollouts(net::Router& router, ApiContext& context) {
  router.Add("GET", "/api/mlean/v1/rollouts", {.access = net::Access::kReader},
             [&](const net::Call& call) { return ToReply(ListRollouts(call, context)); });
  router.Add("POST", "/api/mlean/v1/rollouts/{id}/abort", {.access = net::Access::kWriter},
             [&](const net::Call& call) { return ToReply(AbortRollout(call, context)); });
}

}  // namespace mlean::api

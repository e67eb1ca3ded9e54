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
  for (const rollout::Rollout& one : rollouts) list.Push(flows::RolloutJson(one));
  return Json(Json::Object{{"rollouts", std::move(list)}});
}

Result<Json> AbortRollout(const net::Call& call, ApiContext& context) {
  TRY(const Json body, Json::Parse(call.body.empty() ? std::string_view("{}") : call.body));
  TRY(const std::string reason, body.StringAt("reason", "aborted by hand"));
  const std::string id(call.Path("id"));
  TRYV(flows::AbortRollout(context.workspace, id, reason, context.workspace.Now()));
  context.wake();
  TRY(const rollout::Rollout after, context.workspace.db->Read([&](sql::Conn& conn) { return rollout::Get(conn, id); }));
  return flows::RolloutJson(after);
}

}  // namespace

void BindRollouts(net::Router& router, ApiContext& context) {
  router.Add("GET", "/api/mlean/v1/rollouts", {}, [&](const net::Call& call) { return ToReply(ListRollouts(call, context)); });
  router.Add("POST", "/api/mlean/v1/rollouts/{id}/abort", {},
             [&](const net::Call& call) { return ToReply(AbortRollout(call, context)); });
}

}  // namespace mlean::api

// GET /turns[?model=&limit=], GET /turns/{id} with its steps, POST /turns {"model","detail"} starts one.
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "base/text.hpp"
#include "flows/render.hpp"
#include "flows/turn/engine.hpp"

namespace mlean::api {
namespace {

using codec::Json;

std::int64_t Limit(const net::Call& call) {
  const auto limit = ParseInt(call.Query("limit").value_or("100"));
  return limit && *limit > 0 && *limit <= 1000 ? *limit : 100;
}

Result<Json> ListTurns(const net::Call& call, ApiContext& context) {
  TRY(const auto turns, context.workspace.db->Read([&](sql::Conn& conn) {
    return loop::ListTurns(conn, call.Query("model").value_or(""), Limit(call));
  }));
  Json list = Json::Array{};
  TRYV(context.workspace.db->Read([&](sql::Conn& conn) -> Result<void> {
    for (const loop::Turn& turn : turns) {
      TRY(const bool may, MayRead(conn, call, context, turn.model));
      if (may) list.Push(flows::TurnJson(turn));
    }
    return {};
  }));
  return Json(Json::Object{{"turns", std::move(list)}});
}

Result<Json> GetTurn(const net::Call& call, ApiContext& context) {
  const std::string id(call.Path("id"));
  TRY(const loop::Turn turn, context.workspace.db->Read([&](sql::Conn& conn) { return loop::GetTurn(conn, id); }));
  TRYV(Require(call, context, turn.model, access::Level::kRead));
  TRY(const auto steps, context.workspace.db->Read([&](sql::Conn& conn) { return loop::ListSteps(conn, id); }));
  Json out = flows::TurnJson(turn);
  Json list = Json::Array{};
  for (const loop::TurnStep& step : steps) list.Push(flows::StepJson(step));
  out.Set("steps", std::move(list));
  return out;
}

Result<Json> StartTurn(const net::Call& call, ApiContext& context) {
  TRY(const Json body, Json::Parse(call.body, kOfApi));
  TRY(const std::string model, body.StringAt("model"));
  TRY(const std::string detail, body.StringAt("detail", ""));
  TRYV(Require(call, context, model, access::Level::kEdit));
  {
    const std::lock_guard lock(context.config_mutex);
    TRYV(flows::ReloadConfig(context.workspace));
  }
  flows::Workspace acting = Acting(call, context);
  TRY(const loop::Turn turn, flows::StartTurn(acting, model, "api", detail));
  context.wake();
  return flows::TurnJson(turn);
}

}  // namespace

void BindTurns(net::Router& router, ApiContext& context) {
  router.Add("GET", "/api/mlean/v1/turns", {.access = net::Access::kReader},
             [&](const net::Call& call) { return ToReply(ListTurns(call, context)); });
  router.Add("GET", "/api/mlean/v1/turns/{id}", {.access = net::Access::kReader},
             [&](const net::Call& call) { return ToReply(GetTurn(call, context)); });
  router.Add("POST", "/api/mlean/v1/turns", {.access = net::Access::kWriter},
             [&](const net::Call& call) { return ToReply(StartTurn(call, context), 202); });
}

}  // namespace mlean::api

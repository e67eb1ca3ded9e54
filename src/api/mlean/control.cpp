// POST /tick: one pass of the server's own work, finished when the reply comes (tests and simulated clocks; harmless otherwise).
// POST /sync: brings serving in step with the registry before the reply (the CLI calls it after it changed an alias).
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "flows/check_config.hpp"

namespace mlean::api {
namespace {

using codec::Json;

Result<Json> RunTick(ApiContext& context) {
  TRY(const flows::TickReport report, context.tick());
  Json problems = Json::Array{};
  for (const std::string& problem : report.problems) problems.Push(problem);
  return Json(Json::Object{
      {"problems", std::move(problems)}, {"windows", report.windows}, {"turns_run", report.turns_run}, {"busy", report.busy}});
}

Result<Json> Sync(ApiContext& context) {
  if (context.rules.users != nullptr) TRYV(context.rules.users->Refresh(*context.workspace.db));
  const std::lock_guard lock(context.config_mutex);
  std::string problem = flows::ReloadOrKeepConfig(context.workspace);
  TRYV(context.models.Sync(*context.workspace.db, flows::ServingSettings(context.workspace.config)));
  Json reply = Json::Object{{"synced", context.models.synced()}};
  if (!problem.empty()) reply.Set("problem", std::move(problem));
  return reply;
}

}  // namespace

void BindControl(net::Router& router, ApiContext& context) {
  router.Add("POST", "/api/mlean/v1/tick", {.access = net::Access::kAdmin},
             [&](const net::Call&) { return ToReply(RunTick(context)); });
  router.Add("POST", "/api/mlean/v1/sync", {.access = net::Access::kAdmin},
             [&](const net::Call&) { return ToReply(Sync(context)); });
}

}  // namespace mlean::api

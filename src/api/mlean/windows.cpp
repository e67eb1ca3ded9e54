// GET /models/{model}/windows: the closed monitor windows. GET /models/{model}/observe?from=&to=: one computed now, not kept.
#include <fmt/core.h>

#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "flows/check_config.hpp"
#include "flows/monitor.hpp"
#include "flows/render.hpp"
#include "registry/model_store.hpp"

namespace mlean::api {
namespace {

using codec::Json;

// A model without windows is one that mlean.yaml lists or the registry knows.
Result<void> CheckModel(const std::string& name, ApiContext& context) {
  const auto known = context.workspace.db->Read([&](sql::Conn& conn) { return registry::GetModel(conn, name); });
  if (known || known.error().code != Code::kNotFound) return known ? Result<void>() : known.error();
  const std::lock_guard lock(context.config_mutex);
  static_cast<void>(flows::ReloadOrKeepConfig(context.workspace));
  if (context.workspace.config.FindModel(name) != nullptr) return {};
  return Fail(Code::kNotFound, fmt::format("cannot list the windows of model '{}': there is no such model", name),
              "mlean models list");
}

Result<Json> ListWindows(const net::Call& call, ApiContext& context) {
  const std::string model(call.Path("model"));
  TRYV(Require(call, context, model, access::Level::kRead));
  TRY(const auto windows, context.workspace.db->Read([&](sql::Conn& conn) { return loop::ListWindows(conn, model, 1000); }));
  if (windows.empty()) TRYV(CheckModel(model, context));
  Json list = Json::Array{};
  for (const loop::Window& window : windows) list.Push(flows::WindowJson(window));
  return Json(Json::Object{{"windows", std::move(list)}});
}

Result<Json> Observe(const net::Call& call, ApiContext& context) {
  TRYV(Require(call, context, call.Path("model"), access::Level::kRead));
  TRY(const TimeMs from, ParseTime(call.Query("from").value_or("1970-01-01")));
  TRY(const TimeMs to, ParseTime(call.Query("to").value_or("9999-12-31")));
  const std::lock_guard lock(context.config_mutex);
  static_cast<void>(flows::ReloadOrKeepConfig(context.workspace));  // the tick tells what is wrong
  TRY(const repo::ModelConfig* model, context.workspace.config.Model(call.Path("model")));
  return flows::ObserveWindow(context.workspace, *model, from, to);
}

}  // namespace

void BindWindows(net::Router& router, ApiContext& context) {
  router.Add("GET", "/api/mlean/v1/models/{model}/windows", {.access = net::Access::kReader},
             [&](const net::Call& call) { return ToReply(ListWindows(call, context)); });
  router.Add("GET", "/api/mlean/v1/models/{model}/observe", {.access = net::Access::kReader},
             [&](const net::Call& call) { return ToReply(Observe(call, context)); });
}

}  // namespace mlean::api

// GET /models: registered models, what serves each right now. GET /models/{model}/versions.
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "flows/render.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"

namespace mlean::api {
namespace {

using codec::Json;

Json LiveJson(const serving::LiveModel& live) {
  const std::shared_ptr<const serving::Route> route = live.route();
  Json out = Json::Object{{"champion", route->champion ? Json(route->champion->version) : Json()},
                          {"candidate", route->candidate ? Json(route->candidate->version) : Json()},
                          {"weight", route->weight}};
  return out;
}

Result<Json> ListModels(const net::Call& call, ApiContext& context) {
  registry::Query query;
  query.limit = 50'000;
  query.visible = Readable(call.caller.get(), context.rules, access::Kind::kModel);
  TRY(const auto models, context.workspace.db->Read([&](sql::Conn& conn) { return registry::ListModels(conn, query); }));
  Json list = Json::Array{};
  for (const registry::Model& model : models) {
    Json one = Json::Object{{"name", model.name}, {"description", model.description}};
    if (const serving::LiveModel* live = context.models.Find(model.name)) one.Set("serving", LiveJson(*live));
    list.Push(std::move(one));
  }
  return Json(Json::Object{{"models", std::move(list)}});
}

Result<Json> ListVersions(const net::Call& call, ApiContext& context) {
  const std::string name(call.Path("model"));
  TRYV(Require(call, context, name, access::Level::kRead));
  TRY(const registry::Model known, context.workspace.db->Read([&](sql::Conn& conn) { return registry::GetModel(conn, name); }));
  TRY(const auto versions, context.workspace.db->Read([&](sql::Conn& conn) { return registry::ListVersions(conn, name); }));
  Json list = Json::Array{};
  for (const registry::ModelVersion& version : versions) list.Push(flows::VersionJson(version));
  return Json(Json::Object{{"name", known.name}, {"versions", std::move(list)}});
}

}  // namespace

void BindModels(net::Router& router, ApiContext& context) {
  router.Add("GET", "/api/mlean/v1/models", {.access = net::Access::kReader},
             [&](const net::Call& call) { return ToReply(ListModels(call, context)); });
  router.Add("GET", "/api/mlean/v1/models/{model}/versions", {.access = net::Access::kReader},
             [&](const net::Call& call) { return ToReply(ListVersions(call, context)); });
}

}  // namespace mlean::api

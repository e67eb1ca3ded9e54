// GET /lineage/runs/{run}, /lineage/models/{model}/versions/{version}, /lineage/data/{digest}: where something comes from and
// what came of it (flows/lineage.hpp).
#include "flows/lineage.hpp"
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "base/text.hpp"

namespace mlean::api {
namespace {

flows::Sight SightOf(const net::Call& call, const ApiContext& context) {
  if (call.caller == nullptr) return {};
  flows::Sight sight;
  sight.experiment = [&](sql::Conn& conn, const std::string& id) {
    const access::Object object{access::Kind::kExperiment, ParseInt(id).value_or(-1)};
    return Allowed(conn, call.caller.get(), context.rules, object, access::Level::kRead);
  };
  sight.model = [&](sql::Conn& conn, const std::string& model) { return MayRead(conn, call, context, model); };
  return sight;
}

Result<codec::Json> OfVersion(const net::Call& call, const ApiContext& context) {
  const std::string text(call.Path("version"));
  const auto version = ParseInt(text);
  if (!version || *version < 1 || *version > 1'000'000'000) {
    return Fail(Code::kInvalid, "cannot use version '" + text + "': expected a number from 1");
  }
  return flows::VersionLineage(context.workspace, std::string(call.Path("model")), static_cast<int>(*version),
                               SightOf(call, context));
}

}  // namespace

void BindLineage(net::Router& router, ApiContext& context) {
  const net::RouteOptions options{.access = net::Access::kReader};
  router.Add("GET", "/api/mlean/v1/lineage/runs/{run}", options, [&](const net::Call& call) {
    return ToReply(flows::RunLineage(context.workspace, std::string(call.Path("run")), SightOf(call, context)));
  });
  router.Add("GET", "/api/mlean/v1/lineage/models/{model}/versions/{version}", options,
             [&](const net::Call& call) { return ToReply(OfVersion(call, context)); });
  router.Add("GET", "/api/mlean/v1/lineage/data/{digest}", options, [&](const net::Call& call) {
    return ToReply(flows::DataLineage(context.workspace, std::string(call.Path("digest")), SightOf(call, context)));
  });
}

}  // namespace mlean::api

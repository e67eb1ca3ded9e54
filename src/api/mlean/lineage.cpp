// GET /lineage/runs/{run}, /lineage/models/{model}/versions/{version}, /lineage/data/{digest}: where something comes from and
// what came of it (flows/lineage.hpp).
#include "flows/lineage.hpp"
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "base/text.hpp"

namespace mlean::api {
namespace {

Result<codec::Json> OfVersion(const net::Call& call, ApiContext& context) {
  const std::string text(call.Path("version"));
  const auto version = ParseInt(text);
  if (!version || *version < 1 || *version > 1'000'000'000) {
    return Fail(Code::kInvalid, "cannot use version '" + text + "': expected a number from 1");
  }
  return flows::VersionLineage(context.workspace, std::string(call.Path("model")), static_cast<int>(*version));
}

}  // namespace

void BindLineage(net::Router& router, ApiContext& context) {
  router.Add("GET", "/api/mlean/v1/lineage/runs/{run}", {.access = net::Access::kAdmin},
             [&](const net::Call& call) { return ToReply(flows::RunLineage(context.workspace, std::string(call.Path("run")))); });
  router.Add("GET", "/api/mlean/v1/lineage/models/{model}/versions/{version}", {.access = net::Access::kAdmin},
             [&](const net::Call& call) { return ToReply(OfVersion(call, context)); });
  router.Add("GET", "/api/mlean/v1/lineage/data/{digest}", {.access = net::Access::kAdmin}, [&](const net::Call& call) {
    return ToReply(flows::DataLineage(context.workspace, std::string(call.Path("digest"))));
  });
}

}  // namespace mlean::api

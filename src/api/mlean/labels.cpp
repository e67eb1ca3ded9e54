// POST /models/{model}/labels [{"id","label","row","time"}…]: late truth; idempotent by (id, row).
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "flows/add_labels.hpp"

namespace mlean::api {
namespace {

using codec::Json;

Result<Json> AddLabels(const net::Call& call, ApiContext& context) {
  TRYV(Require(call, context, call.Path("model"), access::Level::kEdit));
  TRY(const auto labels, flows::ParseLabels(call.body));
  flows::Workspace acting = Acting(call, context);
  TRY(const predictions::LabelCounts counts, flows::AddLabels(acting, std::string(call.Path("model")), labels));
  return Json(Json::Object{{"added", counts.added}, {"changed", counts.changed}, {"same", counts.same}});
}

}  // namespace

void BindLabels(net::Router& router, ApiContext& context) {
  net::RouteOptions options{.max_body = 64u << 20, .access = net::Access::kWriter};
  options.refuse = [&](const net::Call& call) -> std::optional<net::Reply> {
    const Result<void> may = Require(call, context, call.Path("model"), access::Level::kEdit);
    return may ? std::nullopt : std::optional(ErrorReply(may.error()));
  };
  router.Add("POST", "/api/mlean/v1/models/{model}/labels", std::move(options),
             [&](const net::Call& call) { return ToReply(AddLabels(call, context)); });
}

}  // namespace mlean::api

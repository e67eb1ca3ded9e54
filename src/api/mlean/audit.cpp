// GET /audit[?after=&limit=&object=&action=], GET /audit/verify, GET /alerts.
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "base/text.hpp"
#include "flows/render.hpp"
#include "notify/outbox_store.hpp"

namespace mlean::api {
namespace {

using codec::Json;

Result<Json> ListEvents(const net::Call& call, ApiContext& context) {
  audit::Query query;
  query.after_seq = ParseInt(call.Query("after").value_or("0")).value_or(0);
  query.limit = ParseInt(call.Query("limit").value_or("100")).value_or(100);
  query.object_prefix = call.Query("object").value_or("");
  query.action_prefix = call.Query("action").value_or("");
  TRY(const auto events, context.workspace.db->Read([&](sql::Conn& conn) { return audit::List(conn, query); }));
  Json list = Json::Array{};
  for (const audit::Event& event : events) list.Push(flows::EventJson(event));
  return Json(Json::Object{{"events", std::move(list)}});
}

Result<Json> Verify(ApiContext& context) {
  TRY(const audit::Verdict verdict, context.workspace.db->Read([](sql::Conn& conn) { return audit::Verify(conn); }));
  Json out = Json::Object{{"events", verdict.events}, {"intact", verdict.intact}};
  if (!verdict.intact) {
    out.Set("first_bad_seq", verdict.first_bad_seq);
    out.Set("why", verdict.why);
  }
  return out;
}

Result<Json> ListAlerts(ApiContext& context) {
  TRY(const auto deliveries, context.workspace.db->Read([](sql::Conn& conn) { return notify::ListDeliveries(conn, 200); }));
  Json list = Json::Array{};
  for (const notify::Delivery& delivery : deliveries) {
    list.Push(Json::Object{{"id", delivery.alert.id},
                           {"kind", delivery.alert.kind},
                           {"severity", notify::SeverityName(delivery.alert.severity)},
                           {"title", delivery.alert.title},
                           {"text", delivery.alert.text},
                           {"time", FormatTime(delivery.alert.created)},
                           {"channel", delivery.channel},
                           {"attempts", delivery.attempts}});
  }
  return Json(Json::Object{{"alerts", std::move(list)}});
}

}  // namespace

void BindAudit(net::Router& router, ApiContext& context) {
  router.Add("GET", "/api/mlean/v1/audit", {.access = net::Access::kAdmin},
             [&](const net::Call& call) { return ToReply(ListEvents(call, context)); });
  router.Add("GET", "/api/mlean/v1/audit/verify", {.access = net::Access::kReader},
             [&](const net::Call&) { return ToReply(Verify(context)); });
  router.Add("GET", "/api/mlean/v1/alerts", {.access = net::Access::kReader},
             [&](const net::Call&) { return ToReply(ListAlerts(context)); });
}

}  // namespace mlean::api

// runs/…: create, update, get, search, delete, restore (reference/mlflow.md 1.2).
#include "track/run_store.hpp"

#include "api/mlflow/bind.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/search.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kCreate[] = {
    {"experiment_id", Type::kId}, {"start_time", Type::kTime}, {"run_name"}, {"user_id"}, {"tags", Type::kObjects, false, kPair}};
constexpr Field kUpdate[] = {
    {"run_id", Type::kString, kRequired}, {"end_time", Type::kTime}, {"status", Type::kEnum}, {"run_name"}};
constexpr Field kById[] = {{"run_id", Type::kString, kRequired}};
constexpr Field kSearch[] = {{"experiment_ids", Type::kIds}, {"filter"},
                             {"run_view_type", Type::kEnum}, {"max_results", Type::kInt},
                             {"order_by", Type::kStrings},   {"page_token"}};

Result<Json> Create(const Json& request, Context& context) {
  track::NewRun spec{.experiment_id = TextOf(request, "experiment_id", "0"),
                     .name = TextOf(request, "run_name"),
                     .user_id = TextOf(request, "user_id")};
  if (request.Find("start_time") != nullptr) spec.start_time = IntOf(request, "start_time");
  spec.tags = PairsOf(request, "tags");
  TRY(const track::Run run,
      context.workspace.db->Write([&](sql::Txn& txn) { return track::CreateRun(txn, spec, context.workspace.Now()); }));
  return Json(Json::Object{{"run", RunJson(run)}});
}

Result<Json> Update(const Json& request, Context& context) {
  track::RunChange change;
  change.status = track::ParseRunStatus(TextOf(request, "status"));  // an unknown name changes nothing, as in MLflow
  if (request.Find("end_time") != nullptr) change.end_time = IntOf(request, "end_time");
  if (request.Find("run_name") != nullptr) change.name = TextOf(request, "run_name");
  TRY(const track::RunInfo info,
      context.workspace.db->Write([&](sql::Txn& txn) { return track::UpdateRun(txn, TextOf(request, "run_id"), change); }));
  return Json(Json::Object{{"run_info", RunInfoJson(info)}});
}

Result<Json> Get(const Json& request, Context& context) {
  TRY(const track::Run run,
      context.workspace.db->Read([&](sql::Conn& conn) { return track::GetRun(conn, TextOf(request, "run_id")); }));
  return Json(Json::Object{{"run", RunJson(run)}});
}

Result<Json> Search(const Json& request, Context& context) {
  TRY(const std::size_t page, PageSize(request, 1000));
  TRY(track::Query query, TrackQuery(request, track::RunGrammar(), page));
  query.view = ViewOf(request, "run_view_type");
  sql::SortPlace next;
  TRY(const auto runs, context.workspace.db->Read([&](sql::Conn& conn) -> Result<std::vector<track::Run>> {
    TRY(query.experiment_ids, ReadableExperiments(conn, context.caller, context.rules, TextsOf(request, "experiment_ids")));
    return track::ListRuns(conn, query, &next);
  }));
  Json out = Json::Object{};
  SetNextPage(out, next);
  Json::Array list;
  list.reserve(runs.size());
  for (const track::Run& run : runs) list.push_back(RunJson(run));
  SetList(out, "runs", std::move(list));
  return out;
}

}  // namespace

void BindRuns(net::Router& router, Context& server) {
  Endpoint(router, server, "POST", "runs/create", kCreate, Edits(OfExperiment), Create);
  Endpoint(router, server, "POST", "runs/update", kUpdate, Edits(OfRun), Update);
  Endpoint(router, server, "GET", "runs/get", kById, Reads(OfRun), Get);
  Endpoint(router, server, "POST", "runs/search", kSearch, kForUsers, Search);
  Endpoint(router, server, "POST", "runs/delete", kById, Manages(OfRun),
           [](const Json& request, Context& context) -> Result<Json> {
             TRYV(context.workspace.db->Write(
                 [&](sql::Txn& txn) { return track::DeleteRun(txn, TextOf(request, "run_id"), context.workspace.Now()); }));
             return Json(Json::Object{});
           });
  Endpoint(router, server, "POST", "runs/restore", kById, Manages(OfRun),
           [](const Json& request, Context& context) -> Result<Json> {
             TRYV(context.workspace.db->Write([&](sql::Txn& txn) { return track::RestoreRun(txn, TextOf(request, "run_id")); }));
             return Json(Json::Object{});
           });
}

}  // namespace mlean::api::mlflow

// experiments/…: create, get, search, rename, delete, restore, tag (reference/mlflow.md 1.2).
#include <fmt/format.h>

#include "api/mlflow/bind.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/search.hpp"
#include "track/experiment_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kCreate[] = {{"name", Type::kString, kRequired}, {"artifact_location"}, {"tags", Type::kObjects, false, kPair}};
constexpr Field kById[] = {{"experiment_id", Type::kId, kRequired}};
constexpr Field kByName[] = {{"experiment_name", Type::kString, kRequired}};
constexpr Field kSearch[] = {
    {"view_type", Type::kEnum}, {"max_results", Type::kInt}, {"order_by", Type::kStrings}, {"filter"}, {"page_token"}};
constexpr Field kRename[] = {{"experiment_id", Type::kId, kRequired}, {"new_name", Type::kString, kRequired}};
constexpr Field kSetTag[] = {{"experiment_id", Type::kId, kRequired}, {"key", Type::kString, kRequired}, {"value"}};
constexpr Field kDeleteTag[] = {{"experiment_id", Type::kId, kRequired}, {"key", Type::kString, kRequired}};

constexpr EntityWord kEntities[] = {{"attribute", Entity::kAttribute}, {"tag", Entity::kTag}, {"tags", Entity::kTag}};
constexpr AttributeWord kAttributes[] = {{.word = "name", .column = "name"},
                                         {.word = "creation_time", .column = "creation_time", .number = true},
                                         {.word = "last_update_time", .column = "last_update_time", .number = true},
                                         {.word = "experiment_id", .column = "experiment_id", .list = true}};
constexpr Grammar kGrammar{kEntities, "('attribute', 'tag', 'tags')", kAttributes, true};

Result<Json> Create(const Json& request, Context& context) {
  track::NewExperiment spec{.name = TextOf(request, "name"), .artifact_location = TextOf(request, "artifact_location")};
  if (spec.artifact_location.find('#') != std::string::npos || spec.artifact_location.find('?') != std::string::npos) {
    return Fail(Code::kInvalid,
                fmt::format("'artifact_location' URL can't include fragments or params: '{}'", spec.artifact_location));
  }
  spec.tags = PairsOf(request, "tags");
  TRY(const std::string id,
      context.workspace.db->Write([&](sql::Txn& txn) { return track::CreateExperiment(txn, spec, context.workspace.Now()); }));
  return Json(Json::Object{{"experiment_id", id}});
}

Result<Json> Get(const Json& request, Context& context) {
  TRY(const track::Experiment found,
      context.workspace.db->Read([&](sql::Conn& conn) { return track::GetExperiment(conn, TextOf(request, "experiment_id")); }));
  return Json(Json::Object{{"experiment", ExperimentJson(found)}});
}

Result<Json> GetByName(const Json& request, Context& context) {
  TRY(const track::Experiment found, context.workspace.db->Read([&](sql::Conn& conn) {
    return track::GetExperimentByName(conn, TextOf(request, "experiment_name"));
  }));
  return Json(Json::Object{{"experiment", ExperimentJson(found)}});
}

Result<Json> Search(const Json& request, Context& context) {
  TRY(const std::size_t page, PageSize(request, 1000));
  TRY(track::Query query, TrackQuery(request, kGrammar, page));
  query.view = ViewOf(request, "view_type");
  sql::SortPlace next;
  TRY(const auto found, context.workspace.db->Read([&](sql::Conn& conn) { return track::ListExperiments(conn, query, &next); }));
  Json out = Json::Object{};
  SetNextPage(out, next);
  Json::Array list;
  for (const track::Experiment& experiment : found) list.push_back(ExperimentJson(experiment));
  SetList(out, "experiments", std::move(list));
  return out;
}

std::string Id(const Json& request) { return TextOf(request, "experiment_id"); }

}  // namespace

void BindExperiments(net::Router& router, Context& context) {
  Endpoint(router, "POST", "experiments/create", kCreate, [&](const Json& request) { return Create(request, context); });
  Endpoint(router, "GET", "experiments/get", kById, [&](const Json& request) { return Get(request, context); });
  Endpoint(router, "GET", "experiments/get-by-name", kByName, [&](const Json& request) { return GetByName(request, context); });
  for (const char* method : {"GET", "POST"}) {
    Endpoint(router, method, "experiments/search", kSearch, [&](const Json& request) { return Search(request, context); });
  }
  ChangeEndpoint(router, context, "POST", "experiments/update", kRename,
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::RenameExperiment(txn, Id(request), TextOf(request, "new_name"), workspace.Now());
                 });
  ChangeEndpoint(router, context, "POST", "experiments/delete", kById,
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::DeleteExperiment(txn, Id(request), workspace.Now());
                 });
  ChangeEndpoint(router, context, "POST", "experiments/restore", kById,
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::RestoreExperiment(txn, Id(request), workspace.Now());
                 });
  ChangeEndpoint(
      router, context, "POST", "experiments/set-experiment-tag", kSetTag,
      [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
        return track::SetExperimentTag(txn, Id(request), {TextOf(request, "key"), TextOf(request, "value")}, workspace.Now());
      });
  ChangeEndpoint(router, context, "POST", "experiments/delete-experiment-tag", kDeleteTag,
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::DeleteExperimentTag(txn, Id(request), TextOf(request, "key"), workspace.Now());
                 });
}

}  // namespace mlean::api::mlflow

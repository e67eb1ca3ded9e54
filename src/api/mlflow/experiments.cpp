// experiments/…: create, get, search, rename, delete, restore, tag (reference/mlflow.md 1.2).
#include <fmt/format.h>

#include "api/mlflow/artifact_place.hpp"
#include "api/mlflow/bind.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/search.hpp"
#include "base/text.hpp"
#include "flows/artifact_uri.hpp"
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

Result<Json> Create(const Json& request, Context& context) {
  track::NewExperiment spec{
      .name = TextOf(request, "name"),
      .artifact_location = flows::AbsoluteLocation(TextOf(request, "artifact_location"), std::filesystem::current_path()),
      .default_root = context.artifact_root};
  if (spec.artifact_location.find('#') != std::string::npos || spec.artifact_location.find('?') != std::string::npos) {
    return Fail(Code::kInvalid,
                fmt::format("'artifact_location' URL can't include fragments or params: '{}'", spec.artifact_location));
  }
  spec.tags = PairsOf(request, "tags");
  // Whoever may name a place that this server reads by itself may read all that lies there through it.
  const bool ours = !spec.artifact_location.empty() &&
                    flows::ParseArtifactUri(spec.artifact_location).kind != flows::ArtifactPlace::Kind::kElsewhere;
  if (ours && context.caller != nullptr && !context.caller->admin) {
    return Fail(Code::kDenied, fmt::format("cannot create experiment with artifact_location '{}': this server itself would read "
                                           "from there, so only administrators may name it",
                                           spec.artifact_location));
  }
  TRY(const std::string id, context.workspace.db->Write([&](sql::Txn& txn) -> Result<std::string> {
    TRY(std::string made, track::CreateExperiment(txn, spec, context.workspace.Now()));
    TRYV(GrantToCreator(txn, context.caller, {access::Kind::kExperiment, ParseInt(made).value_or(-1)}));
    return made;
  }));
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
  TRY(track::Query query, TrackQuery(request, track::ExperimentGrammar(), page));
  query.view = ViewOf(request, "view_type");
  query.visible = Readable(context.caller, context.rules, access::Kind::kExperiment);
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
  Endpoint(router, context, "POST", "experiments/create", kCreate, kForWriters, Create);
  Endpoint(router, context, "GET", "experiments/get", kById, Reads(OfExperiment), Get);
  Endpoint(router, context, "GET", "experiments/get-by-name", kByName, Reads(OfExperimentName), GetByName);
  for (const char* method : {"GET", "POST"}) {
    Endpoint(router, context, method, "experiments/search", kSearch, kForUsers, Search);
  }
  ChangeEndpoint(router, context, "POST", "experiments/update", kRename, Edits(OfExperiment),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::RenameExperiment(txn, Id(request), TextOf(request, "new_name"), workspace.Now());
                 });
  ChangeEndpoint(router, context, "POST", "experiments/delete", kById, Manages(OfExperiment),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::DeleteExperiment(txn, Id(request), workspace.Now());
                 });
  ChangeEndpoint(router, context, "POST", "experiments/restore", kById, Manages(OfExperiment),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::RestoreExperiment(txn, Id(request), workspace.Now());
                 });
  ChangeEndpoint(router, context, "POST", "experiments/set-experiment-tag", kSetTag, Edits(OfExperiment),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
                   return track::SetExperimentTag(txn, Id(request), {TextOf(request, "key"), TextOf(request, "value")});
                 });
  ChangeEndpoint(router, context, "POST", "experiments/delete-experiment-tag", kDeleteTag, Edits(OfExperiment),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
                   return track::DeleteExperimentTag(txn, Id(request), TextOf(request, "key"));
                 });
}

}  // namespace mlean::api::mlflow

// registered-models/…: create, get, rename, update, delete, search, latest versions, tags, aliases (reference/mlflow.md 1.4).
#include <algorithm>

#include <fmt/format.h>

#include "api/mlflow/bind.hpp"
#include "api/mlflow/model_version_number.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/search.hpp"
#include "base/text.hpp"
#include "flows/registry_change.hpp"
#include "flows/registry_events.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kCreate[] = {{"name", Type::kString, kRequired}, {"tags", Type::kObjects, false, kPair}, {"description"}};
constexpr Field kByName[] = {{"name", Type::kString, kRequired}};
constexpr Field kRename[] = {{"name", Type::kString, kRequired}, {"new_name", Type::kString, kRequired}};
constexpr Field kUpdate[] = {{"name", Type::kString, kRequired}, {"description"}};
constexpr Field kSearch[] = {{"filter"}, {"max_results", Type::kInt}, {"order_by", Type::kStrings}, {"page_token"}};
constexpr Field kLatest[] = {{"name", Type::kString, kRequired}, {"stages", Type::kStrings}};
constexpr Field kSetTag[] = {{"name", Type::kString, kRequired}, {"key", Type::kString, kRequired}, {"value"}};
constexpr Field kDeleteTag[] = {{"name", Type::kString, kRequired}, {"key", Type::kString, kRequired}};
constexpr Field kSetAlias[] = {
    {"name", Type::kString, kRequired}, {"alias", Type::kString, kRequired}, {"version", Type::kId, kRequired}};
constexpr Field kAlias[] = {{"name", Type::kString, kRequired}, {"alias", Type::kString, kRequired}};

constexpr EntityWord kEntities[] = {{"attribute", Entity::kAttribute}, {"tag", Entity::kTag}, {"tags", Entity::kTag}};
constexpr AttributeWord kAttributes[] = {
    {.word = "name", .column = "name", .list = true},
    {.word = "timestamp", .column = "timestamp", .filtered = false},
    {.word = "last_updated_timestamp", .column = "last_updated_timestamp", .filtered = false},
    {.word = "creation_timestamp", .column = "creation_timestamp", .filtered = false}};
constexpr Grammar kGrammar{.entities = kEntities,
                           .valid_entities = "('attribute', 'tag', 'tags')",
                           .attributes = kAttributes,
                           .null_tests = true,
                           .order_keys = true};
constexpr std::string_view kLatestAlias = "latest";  // nobody sets it: it is the newest version

std::string Name(const Json& request) { return TextOf(request, "name"); }

Json ModelReply(const registry::Model& model) { return Json::Object{{"registered_model", RegisteredModelJson(model)}}; }

std::vector<registry::Tag> TagsOf(const Json& request) {
  std::vector<registry::Tag> out;
  for (track::Tag& tag : PairsOf(request, "tags")) out.push_back({std::move(tag.key), std::move(tag.value)});
  return out;
}

Result<Json> Create(const Json& request, Context& context) {
  TRY(const registry::Model model, context.workspace.db->Write([&](sql::Txn& txn) -> Result<registry::Model> {
    TRY(registry::Model made,
        flows::CreateModel(txn, Name(request), TextOf(request, "description"), TagsOf(request), context.workspace.Now()));
    TRY(const std::int64_t number, registry::ModelNumber(txn, made.name));
    TRYV(GrantToCreator(txn, context.caller, {access::Kind::kModel, number}));
    return made;
  }));
  return ModelReply(model);
}

// Applies `change` and answers with the model that is named `name` then.
template <class Change>
Result<Json> ChangeModel(Context& context, const std::string& name, const Change& change) {
  TRY(const registry::Model model, context.workspace.db->Write([&](sql::Txn& txn) -> Result<registry::Model> {
    TRYV(change(txn));
    return registry::GetModel(txn, name);
  }));
  return ModelReply(model);
}

Result<Json> Rename(const Json& request, Context& context) {
  registry::Model model;
  TRYV(ChangeByConfig(context, [&](sql::Txn& txn) -> Result<void> {
    const std::string name = TextOf(request, "new_name");
    TRYV(flows::RenameModel(txn, context.workspace, Name(request), name, "renamed through MLflow's API"));
    TRY(model, registry::GetModel(txn, name));
    return {};
  }));
  return ModelReply(model);
}

Result<Json> Search(const Json& request, Context& context) {
  TRY(const std::size_t page, PageSize(request, 100, 1000));
  TRY(registry::Query query, RegistryQuery(request, kGrammar, page));
  query.visible = Readable(context.caller, context.rules, access::Kind::kModel);
  sql::SortPlace next;
  TRY(const auto models, context.workspace.db->Read([&](sql::Conn& conn) { return registry::ListModels(conn, query, &next); }));
  Json out = Json::Object{};
  SetNextPage(out, next);
  Json::Array list;
  for (const registry::Model& model : models) list.push_back(RegisteredModelJson(model));
  SetList(out, "registered_models", std::move(list));
  return out;
}

Result<Json> Latest(const Json& request, Context& context) {
  std::vector<registry::Stage> stages;
  for (const std::string& text : TextsOf(request, "stages")) {
    TRY(const registry::Stage stage, ParseStage(text));
    stages.push_back(stage);
  }
  TRY(const auto versions,
      context.workspace.db->Read([&](sql::Conn& conn) { return registry::LatestVersions(conn, Name(request), stages); }));
  Json::Array list;
  for (const registry::ModelVersion& version : versions) list.push_back(ModelVersionJson(version));
  Json out = Json::Object{};
  SetList(out, "model_versions", std::move(list));
  return out;
}

Result<registry::ModelVersion> Newest(sql::Conn& conn, const std::string& name) {
  TRY(std::vector<registry::ModelVersion> versions, registry::LatestVersions(conn, name, {}));
  const auto newest =
      std::max_element(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
  if (newest == versions.end()) return Fail(Code::kNotFound, fmt::format("Latest version not found for model {}.", name));
  return std::move(*newest);
}

Result<Json> GetByAlias(const Json& request, Context& context) {
  TRY(const registry::ModelVersion version, context.workspace.db->Read([&](sql::Conn& conn) -> Result<registry::ModelVersion> {
    if (ToLower(TextOf(request, "alias")) == kLatestAlias) return Newest(conn, Name(request));
    TRY(const int number, registry::ResolveAlias(conn, Name(request), TextOf(request, "alias")));
    return registry::GetVersion(conn, Name(request), number);
  }));
  return Json(Json::Object{{"model_version", ModelVersionJson(version)}});
}

constexpr const char* kWhy = "set through MLflow's API";

Result<Json> SetAlias(const Json& request, Context& context) {
  TRY(const int version, ParseVersion(TextOf(request, "version")));
  TRYV(ChangeByConfig(context, [&](sql::Txn& txn) {
    return flows::SetAlias(txn, context.workspace, Name(request), TextOf(request, "alias"), version, kWhy);
  }));
  return Json(Json::Object{});
}

Result<void> DeleteAlias(sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
  return flows::DeleteAlias(txn, workspace, Name(request), TextOf(request, "alias"), "deleted through MLflow's API");
}

void BindTagsAndAliases(net::Router& router, Context& server) {
  ChangeEndpoint(
      router, server, "POST", "registered-models/set-tag", kSetTag, Edits(OfModel),
      [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
        return flows::SetModelTag(txn, Name(request), {TextOf(request, "key"), TextOf(request, "value")}, workspace.Now());
      });
  ChangeEndpoint(router, server, "DELETE", "registered-models/delete-tag", kDeleteTag, Edits(OfModel),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return flows::DeleteModelTag(txn, Name(request), TextOf(request, "key"), workspace.Now());
                 });
  Endpoint(router, server, "POST", "registered-models/alias", kSetAlias, Edits(OfModel), SetAlias);
  ChangeEndpoint(router, server, "DELETE", "registered-models/alias", kAlias, Manages(OfModel), DeleteAlias,
                 After::kFollowRegistry);
  Endpoint(router, server, "GET", "registered-models/alias", kAlias, Reads(OfModel), GetByAlias);
}

}  // namespace

void BindRegisteredModels(net::Router& router, Context& server) {
  Endpoint(router, server, "POST", "registered-models/create", kCreate, kForWriters, Create);
  Endpoint(router, server, "GET", "registered-models/get", kByName, Reads(OfModel),
           [](const Json& request, Context& context) -> Result<Json> {
             TRY(const registry::Model model,
                 context.workspace.db->Read([&](sql::Conn& conn) { return registry::GetModel(conn, Name(request)); }));
             return ModelReply(model);
           });
  Endpoint(router, server, "POST", "registered-models/rename", kRename, Edits(OfModel), Rename);
  for (const char* method : {"PATCH", "POST"}) {
    Endpoint(router, server, method, "registered-models/update", kUpdate, Edits(OfModel),
             [](const Json& request, Context& context) {
               return ChangeModel(context, Name(request), [&](sql::Txn& txn) {
                 return registry::DescribeModel(txn, Name(request), TextOf(request, "description"), context.workspace.Now());
               });
             });
  }
  ChangeEndpoint(
      router, server, "DELETE", "registered-models/delete", kByName, Manages(OfModel),
      [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) -> Result<void> {
        TRY(const std::int64_t number, registry::ModelNumber(txn, Name(request)));
        TRYV(registry::DeleteModel(txn, Name(request)));
        TRYV(access::RemoveGrantsOn(txn, {access::Kind::kModel, number}));
        return flows::Record(txn, workspace, "model.deleted", "models/" + Name(request), Json::Object{});
      },
      After::kFollowRegistry);
  for (const char* method : {"GET", "POST"}) {
    Endpoint(router, server, method, "registered-models/search", kSearch, kForUsers, Search);
    Endpoint(router, server, method, "registered-models/get-latest-versions", kLatest, Reads(OfModel), Latest);
  }
  BindTagsAndAliases(router, server);
}

}  // namespace mlean::api::mlflow

// model-versions/…: create, get, update, delete, search, stages, tags, where the files are (reference/mlflow.md 1.4).
#include <fmt/format.h>

#include "api/mlflow/artifact_place.hpp"
#include "api/mlflow/bind.hpp"
#include "api/mlflow/model_version_number.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/search.hpp"
#include "api/mlflow/version_source.hpp"
#include "base/text.hpp"
#include "flows/approvals.hpp"
#include "flows/artifact_uri.hpp"
#include "flows/registry_change.hpp"
#include "flows/registry_events.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"
#include "track/logged_model_store.hpp"
#include "track/run_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kCreate[] = {{"name", Type::kString, kRequired},
                             {"source", Type::kString, kRequired},
                             {"run_id"},
                             {"tags", Type::kObjects, false, kPair},
                             {"run_link"},
                             {"description"},
                             {"model_id"}};
constexpr Field kOne[] = {{"name", Type::kString, kRequired}, {"version", Type::kId, kRequired}};
constexpr Field kUpdate[] = {{"name", Type::kString, kRequired}, {"version", Type::kId, kRequired}, {"description"}};
constexpr Field kStage[] = {{"name", Type::kString, kRequired},
                            {"version", Type::kId, kRequired},
                            {"stage", Type::kString, kRequired},
                            {"archive_existing_versions", Type::kBool}};
constexpr Field kSetTag[] = {
    {"name", Type::kString, kRequired}, {"version", Type::kId, kRequired}, {"key", Type::kString, kRequired}, {"value"}};
constexpr Field kDeleteTag[] = {
    {"name", Type::kString, kRequired}, {"version", Type::kId, kRequired}, {"key", Type::kString, kRequired}};
constexpr Field kSearch[] = {{"filter"}, {"max_results", Type::kInt}, {"order_by", Type::kStrings}, {"page_token"}};

constexpr EntityWord kEntities[] = {{"attribute", Entity::kAttribute}, {"tag", Entity::kTag}, {"tags", Entity::kTag}};
constexpr AttributeWord kAttributes[] = {
    {.word = "name", .column = "name", .list = true},
    {.word = "version_number", .column = "version_number", .number = true},
    {.word = "run_id", .column = "run_id", .list = true, .ordered = false},
    {.word = "source_path", .column = "source_path", .ordered = false},
    {.word = "creation_timestamp", .column = "creation_timestamp", .filtered = false},
    {.word = "last_updated_timestamp", .column = "last_updated_timestamp", .filtered = false}};
constexpr Grammar kGrammar{.entities = kEntities,
                           .valid_entities = "('attribute', 'tag', 'tags')",
                           .attributes = kAttributes,
                           .null_tests = true,
                           .quoted_numbers = true};
constexpr std::size_t kMaxVersions = 200'000;

std::string Name(const Json& request) { return TextOf(request, "name"); }
Result<int> Number(const Json& request) { return ParseVersion(TextOf(request, "version")); }
Json VersionReply(const registry::ModelVersion& version) { return Json::Object{{"model_version", ModelVersionJson(version)}}; }

// The logged model tells which versions were made of it, in a tag that clients read: [{"name": "m", "version": 1}].
Result<void> NoteOnLoggedModel(sql::Txn& txn, const registry::ModelVersion& version) {
  constexpr std::string_view kTag = "mlflow.modelVersions";
  TRY(const track::LoggedModel model, track::GetLoggedModel(txn, version.logged_model_id));
  Json list = Json::Array{};
  for (const track::Tag& tag : model.tags) {
    if (tag.key != kTag) continue;
    if (Result<Json> kept = Json::Parse(tag.value); kept && kept->IsArray()) list = *std::move(kept);
  }
  list.Push(Json::Object{{"name", version.model}, {"version", version.version}});
  return track::SetLoggedModelTags(txn, model.model_id, {{std::string(kTag), list.DumpPython()}});
}

// Who may read a version may read its files, so its maker must be able to read what it is made of.
Result<bool> MayReadSource(sql::Conn& conn, const registry::NewVersion& spec, const Context& context) {
  using access::Level;
  if (context.caller == nullptr || context.caller->admin) return true;
  const auto readable = [&](std::string_view experiment) {
    return Allowed(conn, context.caller, context.rules, {access::Kind::kExperiment, ParseInt(experiment).value_or(-1)},
                   Level::kRead);
  };
  // What is named beside the source makes a local path acceptable; what is not there makes nothing acceptable.
  const std::pair<const std::string&, Result<std::string> (*)(sql::Conn&, std::string_view)> kOrigins[] = {
      {spec.run_id, track::ExperimentOfRun}, {spec.logged_model_id, track::ExperimentOfLoggedModel}};
  for (const auto& [id, experiment_of] : kOrigins) {
    const Result<std::string> experiment = id.empty() ? Fail(Code::kNotFound, "") : experiment_of(conn, id);
    if (!experiment) continue;
    TRY(const bool may, readable(*experiment));
    if (!may) return false;
  }
  if (registry::NamesVersion(spec.source)) {
    TRY(const registry::ModelVersion origin, registry::Resolve(conn, spec.source));
    return AllowedOnModel(conn, context.caller, context.rules, origin.model, Level::kRead);
  }
  registry::ModelVersion version;
  version.source = spec.source;
  TRY(const std::string location, DownloadUri(conn, version));
  const flows::ArtifactPlace place = flows::ParseArtifactUri(location);
  if (place.kind == flows::ArtifactPlace::Kind::kElsewhere) return true;
  if (place.kind == flows::ArtifactPlace::Kind::kFolder)
    return true;  // CheckSource: inside of the artifacts of the run or logged model
  TRY(const std::string path, artifacts::CleanPath(place.path));
  return Allowed(conn, context.caller, context.rules, ObjectOfArtifact(path), Level::kRead);
}

// A version of a version: the same run and logged model made it. It stays a copy of that one, however that was named.
Result<void> TakeOrigin(sql::Conn& conn, const Json& request, registry::NewVersion& spec) {
  const auto invalid = [&](std::string_view why) {
    return Fail(Code::kInvalid, fmt::format("Invalid model version source: '{}'. {}", spec.source, why));
  };
  if (spec.source.starts_with("models://")) return invalid("Registered model sources must use the active model registry.");
  TRY(const registry::ModelVersion origin, registry::Resolve(conn, spec.source));
  TRY(const registry::Model model, registry::GetModel(conn, origin.model));
  if (flows::IsPrompt(model.tags)) return invalid("Prompt versions cannot be used as model version sources.");
  if ((request.Find("run_id") != nullptr && spec.run_id != origin.run_id) ||
      (!spec.logged_model_id.empty() && spec.logged_model_id != origin.logged_model_id)) {
    return invalid("The run_id and model_id request parameters must match the referenced model version.");
  }
  spec.source = fmt::format("models:/{}/{}", origin.model, origin.version);
  spec.run_id = origin.run_id;
  spec.logged_model_id = origin.logged_model_id;
  return {};
}

// What may be a version's source, and whose.
Result<void> CheckOrigin(sql::Conn& conn, const Json& request, const Context& context, registry::NewVersion& spec) {
  TRY(const bool readable, MayReadSource(conn, spec, context));
  if (!readable) return Fail(Code::kDenied, fmt::format("cannot create version of '{}': its source needs READ", spec.model));
  if (registry::NamesVersion(spec.source)) TRYV(TakeOrigin(conn, request, spec));
  TRYV(CheckSource(conn, spec.source, spec.run_id, spec.logged_model_id));
  if (spec.logged_model_id.empty() || !spec.run_id.empty()) return {};
  TRY(const track::LoggedModel model, track::GetLoggedModel(conn, spec.logged_model_id));
  spec.run_id = model.source_run_id;
  return {};
}

// A prompt has no files: clients put one of these words in the place of a source.
Result<void> CheckPromptSource(std::string_view source) {
  if (source == "dummy-source" || source == "prompt-template") return {};
  return Fail(Code::kInvalid, fmt::format("Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.", source));
}

Result<registry::ModelVersion> CreateIn(sql::Txn& txn, const Json& request, const Context& context) {
  const flows::Workspace& workspace = context.workspace;
  registry::NewVersion spec{.model = Name(request), .source = TextOf(request, "source"), .run_id = TextOf(request, "run_id")};
  spec.run_link = TextOf(request, "run_link");
  spec.logged_model_id = TextOf(request, "model_id");
  spec.description = TextOf(request, "description");
  for (track::Tag& tag : PairsOf(request, "tags")) {
    if (flows::IsApproval(tag.key)) continue;  // copied with another version's tags; it was given to that one
    spec.tags.push_back({std::move(tag.key), std::move(tag.value)});
  }
  TRYV(flows::IsPrompt(spec.tags) ? CheckPromptSource(spec.source) : CheckOrigin(txn, request, context, spec));
  TRY(registry::ModelVersion made, flows::CreateVersion(txn, spec, workspace.Now()));
  if (!made.logged_model_id.empty()) TRYV(NoteOnLoggedModel(txn, made));
  TRYV(flows::Record(txn, workspace, "version.registered", fmt::format("models/{}/versions/{}", made.model, made.version),
                     Json::Object{{"version", made.version}, {"source", made.source}, {"run_id", made.run_id}}));
  return made;
}

Result<Json> Update(const Json& request, Context& context) {
  TRY(const int number, Number(request));
  TRY(const registry::ModelVersion version, context.workspace.db->Write([&](sql::Txn& txn) -> Result<registry::ModelVersion> {
    registry::VersionChange change;
    if (request.Find("description") != nullptr) change.description = TextOf(request, "description");
    TRYV(registry::UpdateVersion(txn, Name(request), number, change, context.workspace.Now()));
    return registry::GetVersion(txn, Name(request), number);
  }));
  return VersionReply(version);
}

Result<Json> ChangeStage(const Json& request, Context& context) {
  TRY(const registry::Stage stage, ParseStage(TextOf(request, "stage")));
  TRY(const int number, Number(request));
  registry::ModelVersion after;
  TRYV(ChangeByConfig(context, [&](sql::Txn& txn) -> Result<void> {
    TRY(after, flows::ChangeStage(txn, context.workspace, Name(request), number, stage,
                                  BoolOf(request, "archive_existing_versions"), "set through MLflow's API"));
    return {};
  }));
  return VersionReply(after);
}

Result<Json> Search(const Json& request, Context& context) {
  TRY(const std::size_t page, PageSize(request, 10'000, kMaxVersions));
  TRY(registry::Query query, RegistryQuery(request, kGrammar, page));
  if (query.order.empty()) query.order = {{.key = "last_updated_timestamp", .ascending = false}};
  query.visible = Readable(context.caller, context.rules, access::Kind::kModel);
  sql::SortPlace next;
  TRY(const auto versions,
      context.workspace.db->Read([&](sql::Conn& conn) { return registry::SearchVersions(conn, query, &next); }));
  Json out = Json::Object{};
  SetNextPage(out, next);
  Json::Array list;
  for (const registry::ModelVersion& version : versions) list.push_back(ModelVersionJson(version));
  SetList(out, "model_versions", std::move(list));
  return out;
}

// An approval is an event of the audit chain with a person's name; a tag would forge it, or take it back unseen.
Result<void> RefuseApproval(const Json& request, int number) {
  const std::string key = TextOf(request, "key");
  if (!flows::IsApproval(key)) return {};
  return Fail(Code::kDenied, fmt::format("cannot change tag '{}': approvals are not given by tags", key),
              fmt::format("mlean approve {}@{}", Name(request), number));
}

// Reads the version and makes an answer of it.
template <class Answer>
void BindRead(net::Router& router, Context& server, std::string_view path, const Answer& answer) {
  Endpoint(router, server, "GET", path, kOne, Reads(OfModel), [answer](const Json& request, Context& context) -> Result<Json> {
    TRY(const int number, Number(request));
    return context.workspace.db->Read([&](sql::Conn& conn) -> Result<Json> {
      TRY(const registry::ModelVersion version, registry::GetVersion(conn, Name(request), number));
      return answer(conn, version);
    });
  });
}

using Change = Result<void> (*)(sql::Txn&, const Json&, int number, const flows::Workspace&);

void BindChange(net::Router& router, Context& server, std::string_view method, std::string_view path,
                std::span<const Field> fields, Need need, Change change, After after = After::kReply) {
  Endpoint(router, server, method, path, fields, need, [change, after](const Json& request, Context& context) -> Result<Json> {
    TRY(const int number, Number(request));
    TRYV(context.workspace.db->Write([&](sql::Txn& txn) { return change(txn, request, number, context.workspace); }));
    if (after == After::kFollowRegistry) context.follow_registry();
    return Json(Json::Object{});
  });
}

}  // namespace

void BindModelVersions(net::Router& router, Context& server) {
  Endpoint(router, server, "POST", "model-versions/create", kCreate, Edits(OfModel),
           [](const Json& request, Context& context) -> Result<Json> {
             TRY(const registry::ModelVersion version,
                 context.workspace.db->Write([&](sql::Txn& txn) { return CreateIn(txn, request, context); }));
             return VersionReply(version);
           });
  BindRead(router, server, "model-versions/get",
           [](sql::Conn&, const registry::ModelVersion& version) -> Result<Json> { return VersionReply(version); });
  BindRead(router, server, "model-versions/get-download-uri",
           [](sql::Conn& conn, const registry::ModelVersion& version) -> Result<Json> {
             TRY(const std::string uri, DownloadUri(conn, version));
             return Json(Json::Object{{"artifact_uri", uri}});
           });
  for (const char* method : {"PATCH", "POST"}) {
    Endpoint(router, server, method, "model-versions/update", kUpdate, Edits(OfModel), Update);
  }
  Endpoint(router, server, "POST", "model-versions/transition-stage", kStage, Edits(OfModel), ChangeStage);
  for (const char* method : {"GET", "POST"}) {
    Endpoint(router, server, method, "model-versions/search", kSearch, kForUsers, Search);
  }
  BindChange(
      router, server, "DELETE", "model-versions/delete", kOne, Manages(OfModel),
      [](sql::Txn& txn, const Json& request, int number, const flows::Workspace& workspace) -> Result<void> {
        TRYV(registry::DeleteVersion(txn, Name(request), number, workspace.Now()));
        return flows::Record(txn, workspace, "version.deleted", fmt::format("models/{}/versions/{}", Name(request), number),
                             Json::Object{});
      },
      After::kFollowRegistry);
  BindChange(router, server, "POST", "model-versions/set-tag", kSetTag, Edits(OfModel),
             [](sql::Txn& txn, const Json& request, int number, const flows::Workspace& workspace) -> Result<void> {
               TRYV(RefuseApproval(request, number));
               return flows::SetVersionTag(txn, Name(request), number, {TextOf(request, "key"), TextOf(request, "value")},
                                           workspace.Now());
             });
  BindChange(router, server, "DELETE", "model-versions/delete-tag", kDeleteTag, Manages(OfModel),
             [](sql::Txn& txn, const Json& request, int number, const flows::Workspace& workspace) -> Result<void> {
               TRYV(RefuseApproval(request, number));
               return flows::DeleteVersionTag(txn, Name(request), number, TextOf(request, "key"), workspace.Now());
             });
}

}  // namespace mlean::api::mlflow

// Artifacts by their owner: artifacts/list of a run, get-artifact, files of model versions and logged models, upload-artifact
// (reference/mlflow.md 1.2, 1.3).
#include <fmt/format.h>

#include "api/mlflow/artifact_place.hpp"
#include "api/mlflow/model_version_number.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/reply.hpp"
#include "api/mlflow/version_source.hpp"
#include "flows/artifact_folder.hpp"
#include "flows/artifact_uri.hpp"
#include "registry/version_store.hpp"
#include "track/logged_model_store.hpp"
#include "track/run_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::uint64_t kMaxUpload = 10ull << 20;  // of upload-artifact, as the real server's

constexpr Field kList[] = {{"run_id", Type::kString, kRequired}, {"path"}, {"page_token"}};
constexpr Field kModelList[] = {{"model_id", Type::kString, kRequired}, {"artifact_directory_path"}, {"page_token"}};

Result<std::string> RunLocation(Context& context, std::string_view run_id) {
  TRY(const track::RunInfo run, context.workspace.db->Read([&](sql::Conn& conn) { return track::GetRunInfo(conn, run_id); }));
  return run.artifact_uri;
}

Result<std::string> ModelLocation(Context& context, std::string_view model_id) {
  TRY(const track::LoggedModel model,
      context.workspace.db->Read([&](sql::Conn& conn) { return track::GetLoggedModel(conn, model_id); }));
  return model.artifact_uri;
}

Result<Json> List(Context& context, const std::string& location, const std::string& given) {
  TRY(const std::string folder, artifacts::CleanPath(given));
  TRY(const auto entries, ListPlace(context, location, folder));
  Json out = Json::Object{{"root_uri", location}};
  SetList(out, "files", EntriesJson(entries, folder));
  return out;
}

Result<std::string> NeededPath(const net::Call& call, std::string_view key) {
  const std::optional<std::string> given = call.Query(key);
  if (!given || given->empty()) return Fail(Code::kInvalid, fmt::format("Request must specify {}.", key));
  return artifacts::CleanPath(*given);
}

std::string RunIdOf(const net::Call& call) {
  const std::optional<std::string> id = call.Query("run_id");
  return id && !id->empty() ? *id : call.Query("run_uuid").value_or("");
}

Result<net::Reply> GetOfRun(const net::Call& call, Context& context) {
  TRY(const std::string path, NeededPath(call, "path"));
  TRY(const std::string location, RunLocation(context, RunIdOf(call)));
  return SendPlace(context, location, path);
}

Result<net::Reply> GetOfVersion(const net::Call& call, Context& context) {
  TRY(const std::string path, NeededPath(call, "path"));
  TRY(const int number, ParseVersion(call.Query("version").value_or("")));
  TRY(const std::string location, context.workspace.db->Read([&](sql::Conn& conn) -> Result<std::string> {
    TRY(const registry::ModelVersion version, registry::GetVersion(conn, call.Query("name").value_or(""), number));
    return DownloadUri(conn, version);
  }));
  return SendPlace(context, location, path);
}

Result<net::Reply> GetOfModel(const net::Call& call, Context& context) {
  TRY(const std::string path, NeededPath(call, "artifact_file_path"));
  TRY(const std::string location, ModelLocation(context, call.Path("model_id")));
  return SendPlace(context, location, path);
}

Result<net::Reply> Upload(const net::Call& call, Context& context) {
  const std::string run_id = RunIdOf(call);
  if (run_id.empty()) return Fail(Code::kInvalid, "Request must specify run_uuid.");
  TRY(const std::string path, NeededPath(call, "path"));
  if (path.empty()) return Fail(Code::kInvalid, "Invalid path");  // "." is the run's folder, no file in it
  if (call.body.empty() && call.body_file.empty()) return Fail(Code::kInvalid, "Request must specify data.");
  TRY(const std::string location, RunLocation(context, run_id));
  const flows::ArtifactPlace place = flows::ParseArtifactUri(location);
  if (place.kind == flows::ArtifactPlace::Kind::kElsewhere) {
    return Fail(Code::kUnsupported, fmt::format("cannot upload to '{}': it is not in this server's store", location));
  }
  if (place.kind == flows::ArtifactPlace::Kind::kStore) {
    TRYV(StoreBody(context, call, place.path + "/" + path));
  } else if (call.body_file.empty()) {
    TRYV(flows::KeepArtifact(context.workspace, location, path, call.body));
  } else {
    TRYV(flows::PutInFolder(context.workspace, location, path, call.body_file));
  }
  return net::Reply::Json(200, "{}");
}

}  // namespace

void BindRunArtifacts(net::Router& router, Context& server) {
  Endpoint(router, server, "GET", "artifacts/list", kList, Reads(OfRun),
           [](const Json& request, Context& context) -> Result<Json> {
             TRY(const std::string location, RunLocation(context, TextOf(request, "run_id")));
             return List(context, location, TextOf(request, "path"));
           });
  Endpoint(router, server, "GET", "logged-models/{model_id}/artifacts/directories", kModelList, Reads(OfLoggedModel),
           [](const Json& request, Context& context) -> Result<Json> {
             TRY(const std::string location, ModelLocation(context, TextOf(request, "model_id")));
             return List(context, location, TextOf(request, "artifact_directory_path"));
           });
  RawEndpoint(router, server, "GET", "mlflow/logged-models/{model_id}/artifacts/files", {}, Reads(OfPathLoggedModel), GetOfModel);
  RawEndpoint(router, server, "GET", "mlflow/get-artifact", {}, Reads(OfQueryRun), GetOfRun);
  PlainEndpoint(router, server, "GET", "/get-artifact", Reads(OfQueryRun), GetOfRun);
  RawEndpoint(router, server, "GET", "mlflow/model-versions/get-artifact", {}, Reads(OfQueryModel), GetOfVersion);
  PlainEndpoint(router, server, "GET", "/model-versions/get-artifact", Reads(OfQueryModel), GetOfVersion);
  RawEndpoint(router, server, "POST", "mlflow/upload-artifact",
              {.max_body = kMaxUpload, .spool_dir = server.workspace.UploadDir().string()}, Edits(OfQueryRun), Upload);
}

}  // namespace mlean::api::mlflow

// mlflow-artifacts/artifacts/…: upload, download, delete and list below the artifact root (reference/mlflow.md 1.5). Uploads over
// 256 KiB go to a file as they arrive, downloads are sent from the file: memory does not grow with the artifact.
#include <fmt/format.h>

#include "api/mlflow/artifact_place.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/reply.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::uint64_t kMaxArtifact = 1ull << 40;
constexpr std::string_view kRoute = "mlflow-artifacts/artifacts/{path...}";
constexpr const char* kRoot = "mlflow-artifacts:/";

Result<net::Reply> Upload(const net::Call& call, Context& context) {
  TRY(const std::string path, artifacts::CleanPath(call.Path("path")));
  TRYV(StoreBody(context, call, path));
  return net::Reply::Json(200, "{}");
}

Result<net::Reply> Download(const net::Call& call, Context& context) {
  TRY(const std::string path, artifacts::CleanPath(call.Path("path")));
  if (!path.empty()) return SendPlace(context, kRoot, path);
  TRY(const std::string folder, artifacts::CleanPath(call.Query("path").value_or("")));
  TRY(const auto entries, ListPlace(context, kRoot, folder));
  Json out = Json::Object{};
  SetList(out, "files", EntriesJson(entries, ""));
  return net::Reply::Json(200, out.Dump());
}

Result<net::Reply> Delete(const net::Call& call, Context& context) {
  TRY(const std::string path, artifacts::CleanPath(call.Path("path")));
  if (path.empty()) return Fail(Code::kInvalid, "Invalid path");
  TRYV(RemoveFromStore(context, path));
  return net::Reply::Json(200, "{}");
}

}  // namespace

void BindArtifactProxy(net::Router& router, Context& context) {
  RawEndpoint(router, context, "PUT", kRoute,
              {.max_body = kMaxArtifact,
               .spool_dir = context.workspace.UploadDir().string(),
               .hash_spooled = context.workspace.folder.place.empty()},
              Edits(OfArtifactPath), Upload);
  RawEndpoint(router, context, "GET", kRoute, {}, Reads(OfArtifactPath), Download);
  RawEndpoint(router, context, "DELETE", kRoute, {}, Manages(OfArtifactPath), Delete);
}

}  // namespace mlean::api::mlflow

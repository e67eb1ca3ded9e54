// mlflow-artifacts/mpu/…: uploads in parts, and mlflow-artifacts/presigned/…: downloads in ranges (reference/mlflow.md 1.5).
// Clients send parts to, and read ranges from, the addresses that they were given, with no credentials: those addresses are ours,
// and carry a secret. server-info advertises neither, because a proxy in front of this server may have another address than the
// one that clients would be given; a client that wants them says so (MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD, …_DOWNLOAD).
#include <fmt/format.h>

#include "api/mlflow/artifact_place.hpp"
#include "api/mlflow/reply.hpp"
#include "api/mlflow/signed_path.hpp"
#include "artifacts/upload_parts.hpp"
#include "base/text.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::uint64_t kMaxPart = 5ull << 30;         // bytes, S3's limit
constexpr std::int64_t kSignedFor = 60ll * 60 * 1000;  // ms that a download's address is good for

constexpr Field kCreate[] = {{"path", Type::kString, kRequired}, {"num_parts", Type::kInt}};
constexpr Field kPart[] = {{"part_number", Type::kInt, kRequired}, {"etag"}, {"url"}};
constexpr Field kComplete[] = {
    {"path", Type::kString, kRequired}, {"upload_id", Type::kString, kRequired}, {"parts", Type::kObjects, kRequired, kPart}};
constexpr Field kAbort[] = {{"path", Type::kString, kRequired}, {"upload_id", Type::kString, kRequired}};

// How the client reached us.
std::string Origin(const net::Call& call) {
  const std::string_view scheme = call.secure || call.Header("X-Forwarded-Proto") == "https" ? "https" : "http";
  return fmt::format("{}://{}", scheme, call.Header("Host"));
}

// The artifact's path: the folder of the route and the last part of the file's name at the client.
Result<std::string> Target(const net::Call& call, const Json& request) {
  const std::string file = TextOf(request, "path");
  return artifacts::CleanPath(fmt::format("{}/{}", call.Path("folder"), file.substr(file.rfind('/') + 1)));
}

Result<net::Reply> Create(const net::Call& call, Context& context) {
  TRY(const Json request, ReadRequest(call, kCreate));
  TRYV(Target(call, request));
  const std::int64_t count = IntOf(request, "num_parts", 1);
  if (count < 1 || count > artifacts::kMaxParts) {
    return InvalidValue("num_parts", Json(count), fmt::format("it is 1 to {}", artifacts::kMaxParts));
  }
  TRY(const std::string id, artifacts::BeginParts(context.workspace.UploadDir()));
  Json::Array credentials;
  for (std::int64_t number = 1; number <= count; ++number) {
    credentials.push_back(
        Json::Object{{"url", fmt::format("{}/api/2.0/mlflow-artifacts/mpu/part/{}/{}", Origin(call), id, number)},
                     {"part_number", number},
                     {"headers", Json::Object{}}});
  }
  return net::Reply::Json(200, Json(Json::Object{{"upload_id", id}, {"credentials", std::move(credentials)}}).Dump());
}

Result<net::Reply> Part(const net::Call& call, Context& context) {
  const auto number = ParseInt(call.Path("number"));
  if (!number) return Fail(Code::kInvalid, fmt::format("Invalid part number '{}'", call.Path("number")));
  TRY(const std::filesystem::path file, BodyFile(context, call));
  Result<std::string> etag = artifacts::KeepPart(context.workspace.UploadDir(), call.Path("id"), static_cast<int>(*number), file);
  if (!etag) {
    static_cast<void>(os::Remove(file));
    return std::move(etag).error();
  }
  return net::Reply::Json(200, "{}").With("ETag", *std::move(etag));
}

Result<net::Reply> Complete(const net::Call& call, Context& context) {
  TRY(const Json request, ReadRequest(call, kComplete));
  TRY(const std::string path, Target(call, request));
  std::vector<artifacts::PartName> parts;
  for (const Json& part : ListOf(request, "parts")) {
    parts.push_back({static_cast<int>(IntOf(part, "part_number")), TextOf(part, "etag")});
  }
  const std::filesystem::path uploads = context.workspace.UploadDir();
  const std::string id = TextOf(request, "upload_id");
  TRY(const artifacts::JoinedParts joined, artifacts::JoinParts(uploads, id, std::move(parts)));
  TRYV(StoreFile(context, joined.file, joined.blob, path));
  TRYV(artifacts::DropParts(uploads, id));
  return net::Reply::Json(200, "{}");
}

Result<net::Reply> Abort(const net::Call& call, Context& context) {
  TRY(const Json request, ReadRequest(call, kAbort));
  TRYV(artifacts::DropParts(context.workspace.UploadDir(), TextOf(request, "upload_id")));
  return net::Reply::Json(200, "{}");
}

Result<net::Reply> Presigned(const net::Call& call, Context& context) {
  TRY(const std::string path, artifacts::CleanPath(call.Path("path")));
  TRY(const std::int64_t size, SizeInStore(context, path));
  const TimeMs until = context.workspace.Now() + kSignedFor;
  const std::string url = fmt::format("{}/api/2.0/mlflow-artifacts/signed/{}?until={}&signature={}", Origin(call),
                                      net::PercentEncodePath(path), until, SignPath(path, until));
  const Json out = Json::Object{{"url", url}, {"headers", Json::Object{}}, {"file_size", size}};
  return net::Reply::Json(200, out.Dump());
}

Result<net::Reply> Signed(const net::Call& call, Context& context) {
  TRY(const std::string path, artifacts::CleanPath(call.Path("path")));
  const auto until = ParseInt(call.Query("until").value_or(""));
  if (!until || *until < context.workspace.Now() || !IsSigned(path, *until, call.Query("signature").value_or(""))) {
    return ErrorReply(403, "The address of this download is not valid, or not any more");
  }
  return SendPlace(context, "mlflow-artifacts:/", path);
}

}  // namespace

void BindMultipart(net::Router& router, Context& context) {
  const auto bind = [&](std::string_view method, std::string_view path, net::RouteOptions options, Need need,
                        RawHandler handler) {
    RawEndpoint(router, context, method, fmt::format("mlflow-artifacts/{}", path), std::move(options), need, handler);
  };
  const std::filesystem::path uploads = context.workspace.UploadDir();
  net::RouteOptions spooled{.max_body = kMaxPart, .spool_dir = uploads.string()};
  // Before a byte of it is kept: whoever does not know an upload's id must not fill the disk.
  spooled.refuse = [uploads](const net::Call& call) -> std::optional<net::Reply> {
    const Result<void> known = artifacts::CheckUpload(uploads, call.Path("id"));
    return known ? std::nullopt : std::optional(ErrorReply(known.error()));
  };
  bind("POST", "mpu/create/{folder...}", {.max_body = 1 << 20}, Edits(OfArtifactPath), Create);
  bind("PUT", "mpu/part/{id}/{number}", spooled, kForAnyone, Part);  // who knows the upload's id
  bind("POST", "mpu/complete/{folder...}", {.max_body = 16 << 20}, Edits(OfArtifactPath), Complete);
  bind("POST", "mpu/abort/{folder...}", {.max_body = 1 << 20}, Edits(OfArtifactPath), Abort);
  bind("GET", "presigned/{path...}", {}, Reads(OfArtifactPath), Presigned);
  bind("GET", "signed/{path...}", {}, kForAnyone, Signed);  // whose address is signed
}

}  // namespace mlean::api::mlflow

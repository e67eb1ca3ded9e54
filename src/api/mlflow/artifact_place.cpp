#include "api/mlflow/artifact_place.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "flows/artifact_folder.hpp"
#include "flows/artifact_uri.hpp"
#include "flows/blob_store.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

std::string Joined(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + "/" + b; }

// As the real server guesses: what people read is text/plain, so that browsers show it and never run it.
std::string_view ContentType(std::string_view path) {
  static constexpr std::string_view kText[] = {
      "txt", "log",  "err", "cfg", "conf", "cnf", "cf",  "ini", "properties", "prop",  "hocon",   "toml",      "yaml",     "yml",
      "xml", "json", "js",  "py",  "py3",  "csv", "tsv", "md",  "rst",        "ipynb", "MLmodel", "MLproject", "mlproject"};
  static constexpr std::pair<std::string_view, std::string_view> kKnown[] = {
      {"html", "text/html"},  {"htm", "text/html"},   {"css", "text/css"},        {"png", "image/png"},   {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"}, {"gif", "image/gif"},   {"svg", "image/svg+xml"},   {"webp", "image/webp"}, {"bmp", "image/bmp"},
      {"tif", "image/tiff"},  {"tiff", "image/tiff"}, {"pdf", "application/pdf"}, {"mp4", "video/mp4"},   {"webm", "video/webm"},
      {"mp3", "audio/mpeg"},  {"wav", "audio/x-wav"}, {"zip", "application/zip"}};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  const std::string_view suffix = dot == name.npos ? name : name.substr(dot + 1);
  if (std::find(std::begin(kText), std::end(kText), suffix) != std::end(kText)) return "text/plain";
  const std::string lower = ToLower(suffix);
  for (const auto& [known, type] : kKnown) {
    if (known == lower) return type;
  }
  return "application/octet-stream";
}

// Without quotes where none are needed, as the real server: clients look for `filename=a.txt`.
std::string Disposition(std::string_view name) {
  constexpr std::string_view kOdd = "()<>@,;:\\\"/[]?={} ";
  const auto printable = [](char c) { return c > 0x1F && c < 0x7F && c != '"' && c != '\\'; };
  if (!std::all_of(name.begin(), name.end(), printable)) {
    return fmt::format("attachment; filename=\"download\"; filename*=UTF-8''{}", net::PercentEncode(name));
  }
  const bool token = !name.empty() && name.find_first_of(kOdd) == name.npos;
  return token ? fmt::format("attachment; filename={}", name) : fmt::format("attachment; filename=\"{}\"", name);
}

net::Reply FileReply(const std::filesystem::path& file, std::string_view path) {
  net::Reply reply = net::Reply::File(file.string(), std::string(ContentType(path)));
  reply.With("Content-Disposition", Disposition(path.substr(path.rfind('/') + 1)));
  return reply;
}

Error Missing(std::string_view path) { return Fail(Code::kNotFound, fmt::format("No such artifact: '{}'", path)); }

Error Elsewhere(std::string_view uri) {
  return Fail(Code::kUnsupported, fmt::format("cannot read artifacts of '{}': they are not in this server's store", uri));
}

}  // namespace

Result<std::vector<artifacts::Entry>> ListPlace(Context& context, const std::string& uri, const std::string& folder) {
  TRY(const flows::ArtifactPlace place, flows::PlaceOf(context.workspace, uri));
  if (place.kind == flows::ArtifactPlace::Kind::kElsewhere) return Elsewhere(uri);
  if (place.kind == flows::ArtifactPlace::Kind::kStore) {
    return context.workspace.db->Read([&](sql::Conn& conn) { return artifacts::List(conn, Joined(place.path, folder)); });
  }
  std::vector<artifacts::Entry> out;
  const std::optional<std::filesystem::path> root = flows::InFolder(place, folder);
  if (!root || !os::IsDir(*root)) return out;
  TRY(const std::vector<std::string> names, os::ListDir(*root));
  const bool top = folder.empty() && place.path == place.trusted;
  for (const std::string& name : names) {
    if ((top && flows::IsOurs(name)) || !IsValidUtf8(name)) continue;
    const Result<os::FileStat> stat = os::StatLink(*root / name);
    // A link could lead out of the artifact folder.
    if (!stat || (stat->kind != os::FileKind::kFile && stat->kind != os::FileKind::kDir)) continue;
    const bool is_folder = stat->kind == os::FileKind::kDir;
    out.push_back({name, is_folder, is_folder ? 0 : static_cast<std::int64_t>(stat->size)});
  }
  return out;
}

Result<net::Reply> SendPlace(Context& context, const std::string& uri, const std::string& path) {
  TRY(const flows::ArtifactPlace place, flows::PlaceOf(context.workspace, uri));
  if (place.kind == flows::ArtifactPlace::Kind::kElsewhere) return Elsewhere(uri);
  if (place.kind == flows::ArtifactPlace::Kind::kStore) {
    const std::string whole = Joined(place.path, path);
    TRY(const auto blob, context.workspace.db->Read([&](sql::Conn& conn) { return artifacts::Find(conn, whole); }));
    if (!blob) return Missing(path);
    TRY(const std::filesystem::path file, flows::BlobFile(context.workspace, *blob));
    net::Reply reply = FileReply(file, path);
    reply.With("ETag", fmt::format("\"{}\"", blob->digest));
    return reply;
  }
  const std::optional<std::filesystem::path> file = flows::InFolder(place, path);
  if (!file) return Missing(path);
  const Result<os::FileStat> stat = os::StatLink(*file);
  if (!stat || stat->kind != os::FileKind::kFile) return Missing(path);
  net::Reply reply = FileReply(*file, path);
  reply.With("ETag", fmt::format("\"{:x}-{:x}\"", stat->mtime_ns, stat->size));
  return reply;
}

Result<std::int64_t> SizeInStore(Context& context, const std::string& path) {
  TRY(const flows::ArtifactPlace place, flows::PlaceOf(context.workspace, "mlflow-artifacts:/"));
  if (place.kind == flows::ArtifactPlace::Kind::kStore) {
    TRY(const auto blob, context.workspace.db->Read([&](sql::Conn& conn) { return artifacts::Find(conn, path); }));
    return blob ? Result<std::int64_t>(blob->size) : Missing(path);
  }
  const std::optional<std::filesystem::path> file = flows::InFolder(place, path);
  const Result<os::FileStat> stat = file ? os::StatLink(*file) : Missing(path);
  if (!stat || stat->kind != os::FileKind::kFile) return Missing(path);
  return static_cast<std::int64_t>(stat->size);
}

Result<void> RemoveFromStore(Context& context, const std::string& path) {
  if (!context.workspace.folder.place.empty()) return flows::RemoveInFolder(context.workspace, path);
  TRYV(context.workspace.db->Write([&](sql::Txn& txn) { return artifacts::Remove(txn, path); }));
  flows::SweepBlobsLater(context.workspace);
  return {};
}

Result<std::filesystem::path> BodyFile(Context& context, const net::Call& call) {
  if (!call.body_file.empty()) return std::filesystem::path(call.body_file);
  TRYV(os::MakeDirs(context.workspace.UploadDir()));
  std::filesystem::path file = context.workspace.UploadDir() / NewHex32();
  TRYV(os::WriteFileAtomic(file, call.body, {.sync = false}));
  return file;
}

// Its digest, without reading again what was hashed on its way in.
Result<artifacts::Blob> BodyBlob(const net::Call& call, const std::filesystem::path& file) {
  if (call.body_sha256.empty()) return artifacts::DigestFile(file);
  TRY(const os::FileStat stat, os::Stat(file));
  return artifacts::Blob{std::string(call.body_sha256), static_cast<std::int64_t>(stat.size)};
}

Result<void> StoreBody(Context& context, const net::Call& call, const std::string& path) {
  if (path.empty()) return Fail(Code::kInvalid, "Invalid path");
  if (call.body_file.empty()) return flows::KeepArtifact(context.workspace, "mlflow-artifacts:/", path, call.body);
  const std::filesystem::path file(call.body_file);
  if (!context.workspace.folder.place.empty()) return StoreFile(context, file, {}, path);
  TRY(const artifacts::Blob blob, BodyBlob(call, file));
  return StoreFile(context, file, blob, path);
}

Result<void> StoreFile(Context& context, const std::filesystem::path& file, artifacts::Blob blob, const std::string& path) {
  blob.modified = context.workspace.Now();
  return flows::PutFile(context.workspace, path, blob, file);
}

Json EntriesJson(const std::vector<artifacts::Entry>& entries, const std::string& prefix) {
  Json::Array out;
  out.reserve(entries.size());
  for (const artifacts::Entry& entry : entries) {
    Json one = Json::Object{{"path", Joined(prefix, entry.name)}, {"is_dir", entry.folder}};
    if (!entry.folder && entry.size > 0) one.Set("file_size", entry.size);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace mlean::api::mlflow

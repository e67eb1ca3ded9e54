#include "api/mlflow/artifact_place.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "flows/artifact_uri.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

std::string Joined(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + "/" + b; }

// As the real server guesses: what people read is text/plain, so that browsers show it and never run it.
std::string_view ContentType(std::string_view path) {
  static constexpr std::string_view kText[] = {
      "txt", "log", "err",  "cfg", "conf", "cnf", "cf",  "ini", "properties", "prop", "hocon",   "toml",     "yaml",
      "yml", "xml", "json", "js",  "py",   "py3", "csv", "tsv", "md",         "rst",  "MLmodel", "MLproject"};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kKnown = {{{"html", "text/html"},
                                                                                            {"htm", "text/html"},
                                                                                            {"css", "text/css"},
                                                                                            {"png", "image/png"},
                                                                                            {"jpg", "image/jpeg"},
                                                                                            {"jpeg", "image/jpeg"},
                                                                                            {"gif", "image/gif"},
                                                                                            {"svg", "image/svg+xml"},
                                                                                            {"pdf", "application/pdf"},
                                                                                            {"zip", "application/zip"}}};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  const std::string_view suffix = dot == name.npos ? name : name.substr(dot + 1);
  if (std::find(std::begin(kText), std::end(kText), suffix) != std::end(kText)) return "text/plain";
  for (const auto& [known, type] : kKnown) {
    if (known == suffix) return type;
  }
  return "application/octet-stream";
}

net::Reply FileReply(const std::filesystem::path& file, std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return c > 0x1F && c < 0x7F && c != '"' && c != '\\'; });
  net::Reply reply = net::Reply::File(file.string(), std::string(ContentType(path)));
  reply.With("Content-Disposition",
             ascii ? fmt::format("attachment; filename=\"{}\"", name)
                   : fmt::format("attachment; filename=\"download\"; filename*=UTF-8''{}", net::PercentEncode(name)));
  return reply;
}

Error Missing(std::string_view path) { return Fail(Code::kNotFound, fmt::format("No such artifact: '{}'", path)); }

Error Elsewhere(std::string_view uri) {
  return Fail(Code::kUnsupported, fmt::format("cannot read artifacts of '{}': they are not in this server's store", uri));
}

}  // namespace

Result<std::vector<artifacts::Entry>> ListPlace(Context& context, const std::string& uri, const std::string& folder) {
  const flows::ArtifactPlace place = flows::ParseArtifactUri(uri);
  if (place.kind == flows::ArtifactPlace::Kind::kElsewhere) return Elsewhere(uri);
  if (place.kind == flows::ArtifactPlace::Kind::kStore) {
    return context.workspace.db->Read([&](sql::Conn& conn) { return artifacts::List(conn, Joined(place.path, folder)); });
  }
  const std::filesystem::path root = std::filesystem::path(place.path) / folder;
  std::vector<artifacts::Entry> out;
  if (!os::IsDir(root)) return out;
  TRY(const std::vector<std::string> names, os::ListDir(root));
  for (const std::string& name : names) {
    const Result<os::FileStat> stat = os::StatLink(root / name);
    // A link could lead out of the artifact folder.
    if (!stat || (stat->kind != os::FileKind::kFile && stat->kind != os::FileKind::kDir)) continue;
    const bool is_folder = stat->kind == os::FileKind::kDir;
    out.push_back({name, is_folder, is_folder ? 0 : static_cast<std::int64_t>(stat->size)});
  }
  return out;
}

Result<net::Reply> SendPlace(Context& context, const std::string& uri, const std::string& path) {
  const flows::ArtifactPlace place = flows::ParseArtifactUri(uri);
  if (place.kind == flows::ArtifactPlace::Kind::kElsewhere) return Elsewhere(uri);
  if (place.kind == flows::ArtifactPlace::Kind::kStore) {
    const std::string whole = Joined(place.path, path);
    TRY(const auto blob, context.workspace.db->Read([&](sql::Conn& conn) { return artifacts::Find(conn, whole); }));
    if (!blob) return Missing(path);
    net::Reply reply = FileReply(artifacts::BlobPath(context.workspace.BlobDir(), blob->digest), path);
    reply.With("ETag", fmt::format("\"{}\"", blob->digest));
    return reply;
  }
  // Every part is looked at, so that no link leads out of the artifact folder.
  std::filesystem::path file(place.path);
  for (const std::string& part : Split(path, '/')) {
    file /= part;
    const Result<os::FileStat> stat = os::StatLink(file);
    if (!stat || (stat->kind != os::FileKind::kFile && stat->kind != os::FileKind::kDir)) return Missing(path);
  }
  if (os::IsDir(file)) return Missing(path);
  return FileReply(file, path);
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

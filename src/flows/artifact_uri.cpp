#include "flows/artifact_uri.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "flows/artifact_folder.hpp"
#include "flows/blob_store.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

constexpr std::string_view kProxyRoute = "/mlflow-artifacts/artifacts";

// The part of a URI behind its authority, without slashes at its ends.
std::string PathOf(std::string_view uri) {
  std::string_view rest = uri.substr(uri.find(':') + 1);
  if (rest.starts_with("//")) {
    const std::size_t slash = rest.find('/', 2);
    rest = slash == rest.npos ? std::string_view{} : rest.substr(slash);
  }
  while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  return std::string(rest);
}

// Clients make the folders from <run>/artifacts on.
ArtifactPlace FolderAt(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> parts(path.begin(), path.end());
  std::erase_if(parts, [](const std::filesystem::path& part) { return part.empty(); });
  const auto last = std::find(parts.rbegin(), parts.rend(), "artifacts");
  auto trusted = last == parts.rend() ? parts.size() : static_cast<std::size_t>(parts.rend() - last) - 1;
  if (last != parts.rend() && trusted > 0) --trusted;
  std::filesystem::path whole;
  std::string beginning;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    whole /= parts[i];
    if (i + 1 == trusted) beginning = whole.string();
  }
  return {ArtifactPlace::Kind::kFolder, whole.string(), std::move(beginning)};
}

// Clients undo the percent signs, and take no other machine's name for this one.
ArtifactPlace FolderOf(std::string_view uri) {
  const std::string_view rest = uri.substr(uri.find(':') + 1);
  const std::string_view host = rest.starts_with("//") ? rest.substr(2, rest.find('/', 2) - 2) : "";
  std::string path;
  if ((!host.empty() && host != "localhost") || !net::PercentDecode("/" + PathOf(uri), path)) return {};
  if (path.find('\0') != path.npos) return {};
  return FolderAt(path);
}

}  // namespace

ArtifactPlace ParseArtifactUri(std::string_view uri) {
  using Kind = ArtifactPlace::Kind;
  const std::size_t colon = uri.find(':');
  if (colon == uri.npos) return FolderAt(std::string(uri));
  const std::string_view scheme = uri.substr(0, colon);
  if (scheme == "mlflow-artifacts") return {Kind::kStore, PathOf(uri), {}};
  if (scheme == "file") return FolderOf(uri);
  if (scheme != "http" && scheme != "https") return {};
  const std::size_t route = uri.find(kProxyRoute);
  if (route == uri.npos) return {};
  std::string_view rest = uri.substr(route + kProxyRoute.size());
  while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  return {Kind::kStore, std::string(rest), {}};
}

Result<ArtifactPlace> PlaceOf(const Workspace& workspace, std::string_view uri) {
  ArtifactPlace place = ParseArtifactUri(uri);
  if (place.kind != ArtifactPlace::Kind::kStore || workspace.folder.place.empty()) return place;
  TRYV(CheckFolder(workspace));
  TRY(const std::string path, artifacts::CleanPath(place.path));  // clients name the places of experiments
  const std::string root = workspace.folder.place.string();
  return ArtifactPlace{ArtifactPlace::Kind::kFolder, path.empty() ? root : root + "/" + path, root};
}

std::string AbsoluteLocation(const std::string& location, const std::filesystem::path& folder) {
  if (location.empty() || location.find(':') != location.npos || location.front() == '/') return location;
  return (folder / location).lexically_normal().string();
}

std::optional<std::filesystem::path> InFolder(const ArtifactPlace& place, std::string_view path) {
  std::filesystem::path at(place.trusted);
  // What clients have a say in: not more than the first part can be ours.
  const std::filesystem::path below =
      std::filesystem::path(place.path.substr(place.trusted.size())).relative_path() / std::filesystem::path(path);
  for (auto part = below.begin(); part != below.end(); ++part) {
    if (part->empty()) continue;
    if (*part == ".." || (at == place.trusted && IsOurs(part->string()))) return std::nullopt;
    at /= *part;
    const Result<os::FileStat> stat = os::StatLink(at);
    if (!stat && stat.error().code == Code::kNotFound) continue;
    const bool last = std::next(part) == below.end();
    if (!stat || (stat->kind != os::FileKind::kDir && !(stat->kind == os::FileKind::kFile && last))) return std::nullopt;
  }
  return at;
}

Result<void> PutFile(const Workspace& workspace, const std::string& path, const artifacts::Blob& blob,
                     const std::filesystem::path& file) {
  if (!workspace.folder.place.empty()) {
    const Result<std::string> clean = artifacts::CleanPath(path);
    if (!clean) static_cast<void>(os::Remove(file));
    return clean ? PutInFolder(workspace, "mlflow-artifacts:/", *clean, file) : Result<void>(clean.error());
  }
  const Result<BlobHold> hold = HoldBlobs(workspace, {{blob, file}});
  Result<void> put;
  if (!hold) put = hold.error();
  if (hold) put = workspace.db->Write([&](sql::Txn& txn) { return PutHeld(txn, workspace, *hold, path, blob, file); });
  if (!put) {
    static_cast<void>(os::Remove(file));  // the first failure is the one to tell
    return put;
  }
  SweepBlobsLater(workspace);  // what was at `path` before
  return {};
}

Result<void> KeepArtifact(const Workspace& workspace, const std::string& uri, const std::string& path, std::string_view text) {
  TRYV(PlaceOf(workspace, uri));  // it is there
  const ArtifactPlace place = ParseArtifactUri(uri);
  if (place.kind == ArtifactPlace::Kind::kElsewhere) {
    return Fail(Code::kUnsupported, fmt::format("cannot keep '{}' in '{}': it is not in this machine's store", path, uri));
  }
  TRYV(os::MakeDirs(workspace.UploadDir()));
  const std::filesystem::path file = workspace.UploadDir() / NewHex32();
  TRYV(os::WriteFileAtomic(file, text, {.sync = false}));
  if (place.kind == ArtifactPlace::Kind::kFolder) return PutInFolder(workspace, uri, path, file);
  const artifacts::Blob blob{Sha256Hex(text), static_cast<std::int64_t>(text.size()), workspace.Now()};
  return PutFile(workspace, place.path.empty() ? path : place.path + "/" + path, blob, file);
}

}  // namespace mlean::flows

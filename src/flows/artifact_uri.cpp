#include "flows/artifact_uri.hpp"

#include <fmt/core.h>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

constexpr std::string_view kProxyRoute = "/mlflow-artifacts/artifacts";

// The part of a URI behind its authority, decoded and without slashes at its ends.
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

}  // namespace

ArtifactPlace ParseArtifactUri(std::string_view uri) {
  using Kind = ArtifactPlace::Kind;
  const std::size_t colon = uri.find(':');
  if (colon == uri.npos) return {Kind::kFolder, std::string(uri)};
  const std::string_view scheme = uri.substr(0, colon);
  if (scheme == "mlflow-artifacts") return {Kind::kStore, PathOf(uri)};
  if (scheme == "file") return {Kind::kFolder, "/" + PathOf(uri)};
  if (scheme != "http" && scheme != "https") return {};
  const std::size_t route = uri.find(kProxyRoute);
  if (route == uri.npos) return {};
  std::string_view rest = uri.substr(route + kProxyRoute.size());
  while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  return {Kind::kStore, std::string(rest)};
}

Result<void> PutFile(const Workspace& workspace, const std::string& path, const artifacts::Blob& blob,
                     const std::filesystem::path& file) {
  Result<void> put = workspace.db->Write(
      [&](sql::Txn& txn) { return artifacts::Put(txn, workspace.BlobDir(), path, blob, file, workspace.sync); });
  if (!put) {
    static_cast<void>(os::Remove(file));  // the first failure is the one to tell
    return put;
  }
  TRYV(artifacts::SweepAllUnused(*workspace.db, workspace.BlobDir()));  // what was at `path` before
  return {};
}

Result<void> KeepArtifact(const Workspace& workspace, const std::string& uri, const std::string& path, std::string_view text) {
  const ArtifactPlace place = ParseArtifactUri(uri);
  if (place.kind == ArtifactPlace::Kind::kElsewhere) {
    return Fail(Code::kUnsupported, fmt::format("cannot keep '{}' in '{}': it is not in this machine's store", path, uri));
  }
  if (place.kind == ArtifactPlace::Kind::kFolder) {
    const std::filesystem::path file = std::filesystem::path(place.path) / path;
    TRYV(os::MakeDirs(file.parent_path()));
    return os::WriteFileAtomic(file, text, {.sync = false});
  }
  TRYV(os::MakeDirs(workspace.UploadDir()));
  const std::filesystem::path file = workspace.UploadDir() / NewHex32();
  TRYV(os::WriteFileAtomic(file, text, {.sync = false}));
  const artifacts::Blob blob{Sha256Hex(text), static_cast<std::int64_t>(text.size()), workspace.Now()};
  return PutFile(workspace, place.path.empty() ? path : place.path + "/" + path, blob, file);
}

}  // namespace mlean::flows

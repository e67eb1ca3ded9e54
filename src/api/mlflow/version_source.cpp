#include "api/mlflow/version_source.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/percent.hpp"
#include "registry/version_store.hpp"
#include "track/logged_model_store.hpp"
#include "track/run_store.hpp"

namespace mlean::api::mlflow {
namespace {

constexpr int kMaxSourceHops = 8;  // of versions that name versions
constexpr int kMaxDecodings = 8;

std::string_view Scheme(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  return colon == uri.npos ? std::string_view{} : uri.substr(0, colon);
}

// A path on the server's own disk; file://host/… is none.
std::optional<std::string> LocalPath(std::string_view uri) {
  if (uri.starts_with("file:///")) return std::string(uri.substr(7));
  if (uri.starts_with("file:/") && !uri.starts_with("file://")) return std::string(uri.substr(5));
  if (Scheme(uri).empty()) return std::string(uri);
  return std::nullopt;
}

bool IsInside(const std::string& path, const std::string& root) {
  const std::filesystem::path inner = std::filesystem::weakly_canonical(path);
  const std::filesystem::path outer = std::filesystem::weakly_canonical(root);
  const auto [end, rest] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  static_cast<void>(rest);
  return end == outer.end();
}

Result<std::string> OwnerLocation(sql::Conn& conn, const std::string& run_id, const std::string& model_id) {
  if (!model_id.empty()) {
    TRY(const track::LoggedModel model, track::GetLoggedModel(conn, model_id));
    return model.artifact_uri;
  }
  if (run_id.empty()) return std::string();
  TRY(const track::RunInfo run, track::GetRunInfo(conn, run_id));
  return run.artifact_uri;
}

Error Relative(std::string_view source) {
  return Fail(Code::kInvalid,
              fmt::format("Invalid model version source: '{}'. If supplying a source as an http, https, local file "
                          "path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without "
                          "relative path references present. Please provide an absolute path.",
                          source));
}

}  // namespace

Result<void> CheckSource(sql::Conn& conn, const std::string& source, const std::string& run_id, const std::string& model_id) {
  std::string plain = source;
  for (int i = 0; i < kMaxDecodings; ++i) {
    std::string decoded;
    if (!net::PercentDecode(plain, decoded) || decoded == plain) break;
    plain = std::move(decoded);
  }
  const bool relative = plain.find('\0') != plain.npos || fmt::format("/{}/", plain).find("/../") != std::string::npos;
  if (source.starts_with("file://") && !source.starts_with("file:///")) {
    return Fail(Code::kInvalid, fmt::format("'{}' is not a valid remote uri. For remote access on a host, please use a network "
                                            "filesystem path",
                                            source));
  }
  if (const auto path = LocalPath(source)) {
    const Result<std::string> location = OwnerLocation(conn, run_id, model_id);
    const std::optional<std::string> root = location ? LocalPath(*location) : std::nullopt;
    if (root && !root->empty() && IsInside(*path, *root)) return {};
    const std::string_view parameter = model_id.empty() ? "run_id" : "model_id";
    return Fail(
        Code::kInvalid,
        fmt::format("Invalid model version source: '{0}'. To use a local path as a model version source, the {1} request "
                    "parameter has to be specified and the local path has to be contained within the artifact directory of "
                    "the run specified by the {1}.",
                    source, parameter));
  }
  if (relative) return Relative(source);
  return {};
}

Result<std::string> DownloadUri(sql::Conn& conn, const registry::ModelVersion& version) {
  registry::ModelVersion current = version;
  for (int hop = 0; hop < kMaxSourceHops; ++hop) {
    const std::string& source = current.source;
    if (source.starts_with("models:/m-")) {
      TRY(const track::LoggedModel model, track::GetLoggedModel(conn, source.substr(8)));
      return model.artifact_uri;
    }
    if (source.starts_with("runs:/")) {
      const std::size_t slash = source.find('/', 6);
      TRY(const track::RunInfo run, track::GetRunInfo(conn, source.substr(6, slash == source.npos ? slash : slash - 6)));
      return run.artifact_uri + (slash == source.npos ? "" : source.substr(slash));
    }
    if (!source.starts_with("models:/")) return source;
    TRY(current, registry::Resolve(conn, source));
  }
  return Fail(Code::kInvalid,
              fmt::format("cannot find the files of '{}' version {}: its source leads through more than {} versions",
                          version.model, version.version, kMaxSourceHops));
}

}  // namespace mlean::api::mlflow

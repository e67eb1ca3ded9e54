#include "api/mlflow/version_source.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.hpp"
#include "flows/artifact_uri.hpp"
#include "net/percent.hpp"
#include "registry/version_store.hpp"
#include "track/logged_model_store.hpp"
#include "track/run_store.hpp"

namespace mlean::api::mlflow {
namespace {

constexpr int kMaxSourceHops = 8;  // of versions that name versions
constexpr int kMaxDecodings = 8;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsOfScheme(char c) { return IsLetter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; }

// As Python's urlsplit takes it apart; without what stands behind '?' or '#'.
struct Uri {
  std::string scheme;  // in small letters; empty: a path
  std::string_view authority;
  std::string_view path;
};

Uri SplitUri(std::string_view text) {
  Uri out;
  const std::string_view scheme = text.substr(0, text.find(':'));
  if (scheme.size() < text.size() && !scheme.empty() && IsLetter(scheme[0]) &&
      std::all_of(scheme.begin(), scheme.end(), IsOfScheme)) {
    out.scheme = ToLower(scheme);
    text.remove_prefix(scheme.size() + 1);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    out.authority = text.substr(0, text.find_first_of("/?#"));
    text.remove_prefix(out.authority.size());
  }
  out.path = text.substr(0, text.find_first_of("?#"));
  return out;
}

std::vector<std::string> PartsOf(std::string_view path) {
  std::vector<std::string> parts = Split(path, '/');
  std::erase(parts, "");
  return parts;
}

// A path on the server's own disk; file://host/… is none.
std::optional<std::string> LocalPath(std::string_view source) {
  const Uri uri = SplitUri(source);
  if (uri.scheme.empty()) return std::string(source);
  if (uri.scheme == "file" && uri.authority.empty()) return std::string(uri.path);
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

Error NotPartOf(std::string_view source, std::string_view parameter) {
  return Fail(Code::kInvalid, fmt::format("Invalid model version source: '{}'. The {} request parameter must identify the "
                                          "resource that contains the source.",
                                          source, parameter));
}

// NUL, "." and ".." in a path, encoded or not, and what is no absolute path.
bool IsRelative(std::string_view source) {
  std::string plain(source);
  for (int i = 0; i < kMaxDecodings; ++i) {
    std::string decoded;
    if (!net::PercentDecode(plain, decoded) || decoded == plain) break;
    plain = std::move(decoded);
  }
  if (plain.find('\0') != plain.npos || fmt::format("/{}/", plain).find("/../") != plain.npos) return true;
  const std::string_view path = SplitUri(plain).path;
  const std::vector<std::string> parts = PartsOf(path);
  const auto is_dots = [](const std::string& part) { return part == "." || part == ".."; };
  return !path.starts_with('/') || parts.empty() || std::any_of(parts.begin(), parts.end(), is_dots);
}

bool IsWithin(std::string_view source, std::string_view root) {
  const Uri inner = SplitUri(source);
  const Uri outer = SplitUri(root);
  const std::vector<std::string> parts = PartsOf(inner.path);
  const std::vector<std::string> above = PartsOf(outer.path);
  return inner.scheme == outer.scheme && inner.authority == outer.authority && !above.empty() && parts.size() >= above.size() &&
         std::equal(above.begin(), above.end(), parts.begin());
}

}  // namespace

Result<void> CheckSource(sql::Conn& conn, const std::string& source, const std::string& run_id, const std::string& model_id) {
  const std::string_view parameter = model_id.empty() ? "run_id" : "model_id";
  const Uri uri = SplitUri(source);
  if (uri.scheme == "file" && !uri.authority.empty()) {
    return Fail(Code::kInvalid, fmt::format("'{}' is not a valid remote uri. For remote access on a host, please use a network "
                                            "filesystem path",
                                            source));
  }
  const Result<std::string> location = OwnerLocation(conn, run_id, model_id);
  if (!location && location.error().code != Code::kNotFound) return location.error();
  if (const auto path = LocalPath(source)) {
    const std::optional<std::string> root = location ? LocalPath(*location) : std::nullopt;
    if (root && !root->empty() && IsInside(*path, *root)) return {};
    return Fail(
        Code::kInvalid,
        fmt::format("Invalid model version source: '{0}'. To use a local path as a model version source, the {1} request "
                    "parameter has to be specified and the local path has to be contained within the artifact directory of "
                    "the run specified by the {1}.",
                    source, parameter));
  }
  if (uri.scheme == "models" && !registry::NamesVersion(source)) {
    const std::string_view of = registry::LoggedModelOf(source);
    return !of.empty() && of == model_id ? Result<void>() : NotPartOf(source, "model_id");
  }
  if (IsRelative(source)) return Relative(source);
  if (uri.scheme == "runs") {
    const std::string_view of = uri.path.substr(1, uri.path.find('/', 1) - 1);
    const bool same = uri.authority.empty() && model_id.empty() && !run_id.empty() && of == run_id;
    return same ? Result<void>() : NotPartOf(source, parameter);
  }
  if (flows::ParseArtifactUri(source).kind != flows::ArtifactPlace::Kind::kStore) return {};
  return location && IsWithin(source, *location) ? Result<void>() : NotPartOf(source, parameter);
}

Result<std::string> DownloadUri(sql::Conn& conn, const registry::ModelVersion& version) {
  registry::ModelVersion current = version;
  for (int hop = 0; hop < kMaxSourceHops; ++hop) {
    const std::string& source = current.source;
    if (const std::string_view id = registry::LoggedModelOf(source); !id.empty()) {
      TRY(const track::LoggedModel model, track::GetLoggedModel(conn, id));
      return model.artifact_uri;
    }
    if (source.starts_with("runs:/")) {
      const std::size_t slash = source.find('/', 6);
      TRY(const track::RunInfo run, track::GetRunInfo(conn, source.substr(6, slash == source.npos ? slash : slash - 6)));
      return run.artifact_uri + (slash == source.npos ? "" : source.substr(slash));
    }
    if (!registry::NamesVersion(source)) return source;
    TRY(current, registry::Resolve(conn, source));
  }
  return Fail(Code::kInvalid,
              fmt::format("cannot find the files of '{}' version {}: its source leads through more than {} versions",
                          version.model, version.version, kMaxSourceHops));
}

}  // namespace mlean::api::mlflow

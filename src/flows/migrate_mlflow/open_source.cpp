#include <fmt/format.h>

#include "base/text.hpp"
#include "flows/migrate_mlflow/source.hpp"
#include "os/files.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr std::string_view kSqlite = "sqlite:///";

bool IsHttp(std::string_view from) { return from.starts_with("http://") || from.starts_with("https://"); }

// MLflow's meaning: three slashes and a relative path, or four and an absolute one. Options behind '?' are of its driver.
std::filesystem::path SqliteFile(std::string_view from, const std::filesystem::path& directory) {
  const std::string_view path = from.substr(kSqlite.size());
  return (directory / path.substr(0, path.find('?'))).lexically_normal();
}

std::filesystem::path Folder(std::string_view from, const std::filesystem::path& directory) {
  std::string_view path = from;
  if (path.starts_with("file://"))
    path.remove_prefix(7);
  else if (path.starts_with("file:"))
    path.remove_prefix(5);
  std::filesystem::path folder = (directory / path).lexically_normal();
  return folder.has_filename() ? folder : folder.parent_path();
}

}  // namespace

std::string OriginOf(const std::string& from, const std::filesystem::path& directory) {
  std::error_code ignored;
  if (from.starts_with(kSqlite)) {
    return "sqlite:///" + std::filesystem::weakly_canonical(SqliteFile(from, directory), ignored).string();
  }
  if (!IsHttp(from)) return "file://" + std::filesystem::weakly_canonical(Folder(from, directory), ignored).string();
  std::string url = from;
  const std::size_t host = url.find("://") + 3;
  const std::size_t at = url.find('@', host);
  if (at != url.npos && at < url.find('/', host)) url.erase(host, at + 1 - host);
  while (url.ends_with("/")) url.pop_back();
  return url;
}

Result<std::unique_ptr<Source>> OpenSource(const std::string& from, const std::filesystem::path& directory,
                                           const std::optional<std::filesystem::path>& artifacts) {
  const auto beside = [&](const std::filesystem::path& place) {
    // Where `mlflow server` keeps them when it is told nothing.
    const std::filesystem::path usual = place.parent_path() / "mlartifacts";
    return artifacts || !os::IsDir(usual) ? artifacts : std::optional(usual);
  };
  if (from.starts_with(kSqlite)) {
    const std::filesystem::path file = SqliteFile(from, directory);
    return OpenSqlSource(file, beside(file));
  }
  if (IsHttp(from)) return OpenHttpSource(OriginOf(from, directory));
  for (const std::string_view other : {"postgresql", "mysql", "mssql", "oracle"}) {
    if (!from.starts_with(other)) continue;
    return Fail(Code::kUnsupported, fmt::format("cannot migrate '{}://…': of databases only SQLite is read by itself", other),
                "start `mlflow server` on it and run: mlean migrate mlflow http://127.0.0.1:5000");
  }
  const std::filesystem::path folder = Folder(from, directory);
  if (os::IsDir(folder)) return OpenFileSource(folder, beside(folder));
  if (os::Exists(folder)) return OpenSqlSource(folder, beside(folder));
  return Fail(Code::kNotFound, fmt::format("cannot migrate '{}': no such folder, database or address", from),
              "mlean migrate mlflow sqlite:///mlflow.db");
}

}  // namespace mlean::flows::migrate_mlflow

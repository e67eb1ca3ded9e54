#include "flows/data/get.hpp"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "codec/python_text.hpp"
#include "os/files.hpp"
#include "pipeline/index.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

// The last part of the path, of a url without what follows it.
std::string NameOfSource(std::string_view source) {
  if (const std::size_t scheme = source.find("://"); scheme != source.npos) {
    // What follows the host; "." when that is nothing, as in DVC.
    source.remove_prefix(scheme + 3);
    source = source.substr(0, source.find_first_of("?#"));
    const std::size_t path = source.find('/');
    source = path == source.npos ? "." : source.substr(path);
  }
  while (source.size() > 1 && source.ends_with('/')) source.remove_suffix(1);
  return fs::path(source).lexically_normal().filename().string();
}

}  // namespace

Result<std::string> ResolveOutput(std::string_view source, const std::string& out, const fs::path& directory, bool force) {
  std::string resolved = out.empty() ? NameOfSource(source) : out;
  if (!out.empty() && os::IsDir(directory / out)) resolved = (fs::path(out) / NameOfSource(source)).string();
  std::error_code error;
  const fs::path place = directory / resolved;
  if (force || !fs::exists(place, error)) return resolved;
  return Fail(Code::kExists, fmt::format("The {} '{}' already exists locally. \nTo override it, re-run with '--force'.",
                                         os::IsDir(place) ? "directory" : "file", resolved));
}

Result<void> GetFile(GetRequest request) {
  const fs::path directory = request.from.directory;
  TRY(const std::string out, ResolveOutput(request.from.path, request.out, directory, request.force));
  if (pipeline::IsStageFileName(out)) {
    return Fail(Code::kInvalid, "the given path is a DVC file, you must specify a data file or a directory");
  }
  const std::string typed = request.from.path;
  TRY(const std::unique_ptr<ExternalRepo> repo, ExternalRepo::Open(std::move(request.from)));
  TRY(const std::optional<RepoEntry> entry, repo->tree().Look(repo->location()));
  if (!entry) return Fail(Code::kNotFound, fmt::format("unexpected error - [{}]", codec::PythonRepr(typed)));
  fs::path target = (directory / out).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  // As in DVC, something for a folder that is there goes into it.
  if (os::IsDir(target)) target /= entry->Name();
  if (os::IsDir(target)) {
    return Fail(Code::kExists, fmt::format("cannot replace '{}': it is a folder", target.lexically_relative(directory).string()));
  }
  return repo->Download(*entry, target);
}

}  // namespace mlean::flows

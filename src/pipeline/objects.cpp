#include "pipeline/objects.hpp"

#include <fmt/core.h>

#include <system_error>

#include "os/files.hpp"

namespace mlean::pipeline {
namespace fs = std::filesystem;

Objects::Kind Objects::Look(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_regular_file(status)) return Kind::kFile;
  if (fs::is_directory(status)) return Kind::kDir;
  return fs::exists(status) ? Kind::kOther : Kind::kNone;
}

Result<void> Objects::RemoveOutput(const fs::path& path) { return os::RemoveTree(path); }
Result<void> Objects::Unprotect(const fs::path&) { return {}; }
Result<void> Objects::Ignore(const fs::path&) { return {}; }

Result<std::vector<FileRecord>> Objects::FilesOf(const Content&, const fs::path& path) {
  return Fail(Code::kUnsupported, fmt::format("cannot list '{}': folders are not listed here", path.string()));
}
Result<Content> Objects::HashSource(const Dependency& dependency) {
  return Fail(Code::kUnsupported, fmt::format("cannot look at '{}': sources elsewhere are not supported here", dependency.path));
}
Result<std::string> Objects::ImportState(const Stage&) { return std::string(); }
Result<void> Objects::Import(Stage& stage) {
  return Fail(Code::kUnsupported, fmt::format("cannot import '{}': imports are not supported here", stage.file));
}
Result<void> Objects::Fetch(const std::vector<Content>&) { return {}; }

Result<void> Objects::FetchImport(const Stage&) { return {}; }
Result<void> Objects::FetchRunCache() { return {}; }
Result<codec::Json> Objects::Dataset(const std::string&) { return codec::Json(); }

}  // namespace mlean::pipeline

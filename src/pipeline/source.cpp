#include "pipeline/source.hpp"

#include <fmt/core.h>

#include <system_error>
#include <vector>

#include "os/files.hpp"
#include "pipeline/place.hpp"

namespace mlean::pipeline {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxDepth = 200;

Result<void> WalkFolder(const fs::path& root, const std::string& folder, std::size_t depth,
                        const std::function<Result<void>(const std::string& location)>& found,
                        const std::function<bool(const std::string& location)>& enter) {
  if (depth > kMaxDepth) return Fail(Code::kTooLarge, fmt::format("cannot read '{}': it lies too deep", folder));
  std::error_code error;
  fs::directory_iterator entries(root / folder, error);
  if (error) return Fail(Code::kIo, fmt::format("cannot read '{}': {}", (root / folder).string(), error.message()));
  std::vector<std::string> folders;
  std::vector<std::string> files;
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (error) return Fail(Code::kIo, fmt::format("cannot read '{}': {}", (root / folder).string(), error.message()));
    const std::string name = entries->path().filename().string();
    const std::string location = folder.empty() ? name : folder + "/" + name;
    if (entries->is_directory(error) && !entries->is_symlink(error)) {
      if (name != ".git" && name != ".hg" && name != ".dvc") folders.push_back(location);
    } else if (name.ends_with(".dvc") || name == "dvc.yaml") {
      files.push_back(location);
    }
  }
  for (const std::string& file : files) TRYV(found(file));
  for (const std::string& below : folders) {
    if (fs::is_directory(root / below / ".dvc", error) || !enter(below)) continue;
    TRYV(WalkFolder(root, below, depth + 1, found, enter));
  }
  return {};
}

}  // namespace

bool Source::IsGitIgnored(const std::string&) { return false; }
bool Source::IsDvcIgnored(const std::string&) { return false; }

Source::Kind WorkTree::Look(const std::string& location) {
  std::error_code ignored;
  const fs::file_status status = fs::status(root_ / location, ignored);
  if (fs::is_directory(status)) return Kind::kDir;
  return fs::exists(status) ? Kind::kFile : Kind::kNone;
}

Result<std::string> WorkTree::Read(const std::string& location) { return os::ReadFile(root_ / location); }

Result<void> WorkTree::Walk(const std::function<Result<void>(const std::string& location)>& found,
                            const std::function<bool(const std::string& location)>& enter) {
  return WalkFolder(root_, "", 0, found, enter);
}

}  // namespace mlean::pipeline

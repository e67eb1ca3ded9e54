#include "pipeline/place.hpp"

#include <algorithm>
#include <cctype>

#include "os/files.hpp"

namespace mlean::pipeline {
namespace fs = std::filesystem;

namespace {

std::string Clean(const fs::path& path) {
  std::string clean = path.lexically_normal().generic_string();
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean.empty() ? "." : clean;
}

bool LeavesTheTop(std::string_view clean) { return clean == ".." || clean.starts_with("../"); }

}  // namespace

std::string Place::Locate(std::string_view base, std::string_view path) const {
  if (IsUrl(path)) return std::string(path);
  std::string clean = Clean(fs::path(base) / fs::path(path));
  if (clean.front() != '/') {
    if (!LeavesTheTop(clean)) return clean;
    clean = Clean(root / clean);
  }
  const std::string top = root.generic_string();
  if (clean == top) return ".";
  const std::string front = top == "/" ? top : top + "/";
  return clean.starts_with(front) ? clean.substr(front.size()) : clean;
}

fs::path Place::Disk(std::string_view location) const {
  if (location == ".") return root;
  return root / fs::path(location);
}

std::string Place::Shown(std::string_view location) const {
  if (IsUrl(location) || !IsInside(location)) return std::string(location);
  if (location == ".") return root.generic_string();
  return IsInside(cwd) ? Relative(location, cwd) : std::string(location);
}

Result<void> Place::Write(std::string_view location, std::string_view text, bool sync) const {
  return os::WriteFileAtomic(Disk(location), text, {.sync = sync, .temp_dir = root / ".dvc" / "tmp"});
}

bool IsUrl(std::string_view path) {
  const std::size_t end = path.find("://");
  if (end == path.npos || end == 0 || std::isalpha(static_cast<unsigned char>(path.front())) == 0) return false;
  return std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.'; });
}

bool IsInside(std::string_view location) { return !location.starts_with('/') && !IsUrl(location); }

std::string FolderOf(std::string_view location) {
  const std::size_t slash = location.rfind('/');
  if (slash == location.npos) return ".";
  return std::string(location.substr(0, std::max<std::size_t>(slash, 1)));
}

std::string NameOf(std::string_view location) {
  const std::size_t slash = location.rfind('/');
  return std::string(slash == location.npos ? location : location.substr(slash + 1));
}

bool IsAtOrBelow(std::string_view location, std::string_view folder) {
  if (folder == ".") return IsInside(location);
  if (!location.starts_with(folder)) return false;
  return location.size() == folder.size() || folder.ends_with('/') || location[folder.size()] == '/';
}

std::string Relative(std::string_view location, std::string_view folder) {
  if (folder == ".") return std::string(location);
  return Clean(fs::path(location).lexically_relative(fs::path(folder)));
}

}  // namespace mlean::pipeline

// The patterns of `dvc add --glob`: Python's glob with recursive=True.
#include <fmt/core.h>
#include <fnmatch.h>

#include <algorithm>
#include <system_error>

#include "base/text.hpp"
#include "flows/data/add.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostPaths = 1'000'000;

class Expander {
 public:
  explicit Expander(fs::path directory) : directory_(std::move(directory)) {}

  void Expand(const std::string& pattern) {
    std::vector<std::string> parts;
    for (std::string& part : Split(pattern, '/')) {
      if (!part.empty()) parts.push_back(std::move(part));
    }
    Step(pattern.starts_with('/') ? "/" : "", parts, 0);
  }
  std::vector<std::string> found;

 private:
  static std::string Join(const std::string& front, const std::string& name) {
    return front.empty() || front.ends_with('/') ? front + name : front + "/" + name;
  }

  void Step(const std::string& front, const std::vector<std::string>& parts, std::size_t at) {
    if (found.size() >= kMostPaths) return;
    if (at == parts.size()) {
      if (!front.empty()) found.push_back(front);
      return;
    }
    const std::string& part = parts[at];
    const bool any_depth = part == "**";
    if (any_depth) Step(front, parts, at + 1);
    if (!any_depth && part.find_first_of("*?[") == part.npos) {
      std::error_code ignored;
      const std::string path = Join(front, part);
      if (fs::exists(fs::symlink_status(directory_ / path, ignored))) Step(path, parts, at + 1);
      return;
    }
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_ / (front.empty() ? "." : front), error)) {
      const std::string name = entry.path().filename().string();
      const bool is_dir = entry.is_directory(error);
      if (any_depth) {
        if (name.starts_with('.')) continue;
        if (is_dir && !entry.is_symlink(error)) {
          Step(Join(front, name), parts, at);
        } else if (at + 1 == parts.size()) {
          found.push_back(Join(front, name));
        }
      } else if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0 && (is_dir || at + 1 == parts.size())) {
        Step(Join(front, name), parts, at + 1);
      }
    }
  }

  fs::path directory_;
};

}  // namespace

Result<std::vector<std::string>> ExpandGlobs(const fs::path& directory, const std::vector<std::string>& patterns) {
  Expander expander(directory);
  std::string shown;
  for (const std::string& pattern : patterns) {
    expander.Expand(pattern);
    shown += (shown.empty() ? "'" : ", '") + pattern + "'";
  }
  if (expander.found.empty()) return Fail(Code::kNotFound, fmt::format("Glob [{}] has no matches.", shown));
  return std::move(expander.found);
}

}  // namespace mlean::flows

#include "metrics/report_data_status.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::string_view kIndent = "        ";

// The changes by state, states in order of first mention.
std::vector<std::pair<std::string_view, std::vector<const PathChange*>>> ByState(const std::vector<PathChange>& changes) {
  std::vector<std::pair<std::string_view, std::vector<const PathChange*>>> groups;
  for (const PathChange& change : changes) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == change.state; });
    if (group == groups.end()) group = groups.insert(group, {change.state, {}});
    group->second.push_back(&change);
  }
  return groups;
}

struct Section {
  std::string_view label;
  std::vector<std::string_view> hints;
  std::vector<std::string> lines;
};

std::vector<std::string> ChangeLines(const std::vector<PathChange>& changes) {
  std::vector<std::string> lines;
  for (const auto& [state, paths] : ByState(changes)) {
    for (const PathChange* path : paths) {
      lines.push_back(path->old_path.empty() ? fmt::format("{}: {}", state, path->path)
                                             : fmt::format("{}: {} -> {}", state, path->old_path, path->path));
    }
  }
  return lines;
}

std::vector<Section> Sections(const DataStatus& status) {
  return {
      {"Not in cache", {"use \"dvc fetch <file>...\" to download files"}, status.not_in_cache},
      {"Not in remote", {"use \"dvc push <file>...\" to upload files"}, status.not_in_remote},
      {"DVC committed changes", {"git commit the corresponding dvc files to update the repo"}, ChangeLines(status.committed)},
      {"DVC uncommitted changes",
       {"use \"dvc commit <file>...\" to track changes", "use \"dvc checkout <file>...\" to discard changes"},
       ChangeLines(status.uncommitted)},
      {"Untracked files", {"use \"git add <file> ...\" or \"dvc add <file>...\" to commit to git or to dvc"}, status.untracked},
      {"DVC unchanged files", {}, status.unchanged},
  };
}

Json ChangesJson(const std::vector<PathChange>& changes) {
  Json::Object out;
  for (const auto& [state, paths] : ByState(changes)) {
    Json::Array entries;
    for (const PathChange* path : paths) {
      if (path->old_path.empty()) {
        entries.emplace_back(path->path);
      } else {
        entries.push_back(Json::Object{{"old", path->old_path}, {"new", path->path}});
      }
    }
    out.emplace_back(std::string(state), std::move(entries));
  }
  return out;
}

}  // namespace

std::string DataStatusText(const DataStatus& status) {
  std::string out;
  for (const Section& section : Sections(status)) {
    if (section.lines.empty()) continue;
    if (!out.empty()) out += '\n';
    out += fmt::format("{}:\n", section.label);
    for (const std::string_view hint : section.hints) out += fmt::format("  ({})\n", hint);
    for (const std::string& line : section.lines) out += fmt::format("{}{}\n", kIndent, line);
  }
  const bool clean = out.empty();
  if (clean) out = status.git_empty ? "No changes in an empty git repo.\n" : "No changes.\n";
  if (status.git_dirty) {
    out += fmt::format("(there are {}changes not tracked by dvc, use \"git status\" to see)\n", clean ? "" : "other ");
  }
  return out;
}

Json DataStatusJson(const DataStatus& status) {
  Json::Object out;
  const auto add = [&](std::string_view name, const std::vector<std::string>& paths) {
    if (!paths.empty()) out.emplace_back(std::string(name), Json::Array(paths.begin(), paths.end()));
  };
  add("not_in_cache", status.not_in_cache);
  add("not_in_remote", status.not_in_remote);
  if (!status.committed.empty()) out.emplace_back("committed", ChangesJson(status.committed));
  if (!status.uncommitted.empty()) out.emplace_back("uncommitted", ChangesJson(status.uncommitted));
  add("untracked", status.untracked);
  add("unchanged", status.unchanged);
  return out;
}

}  // namespace mlean::metrics

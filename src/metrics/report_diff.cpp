#include "metrics/report_diff.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "metrics/table.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

using Group = std::pair<std::string_view, std::vector<const DiffedPath*>>;

// In the order of the text; the JSON has modified before renamed.
std::vector<Group> Groups(const DataDiff& diff, const DataDiffOptions& options) {
  std::vector<Group> groups;
  const auto add = [&](std::string_view name, const std::vector<DiffedPath>& paths) {
    Group& group = groups.emplace_back(name, std::vector<const DiffedPath*>());
    for (const DiffedPath& path : paths) group.second.push_back(&path);
    const auto key = [](const DiffedPath* path) -> const std::string& {
      return path->old_path.empty() ? path->path : path->old_path;
    };
    std::stable_sort(group.second.begin(), group.second.end(),
                     [&](const DiffedPath* a, const DiffedPath* b) { return key(a) < key(b); });
  };
  add("added", diff.added);
  add("deleted", diff.deleted);
  add("renamed", diff.renamed);
  add("modified", diff.modified);
  if (!options.hide_missing) add("not in cache", diff.not_in_cache);
  return groups;
}

std::string Shown(const DiffedPath& path) {
  return path.old_path.empty() ? path.path : fmt::format("{} -> {}", path.old_path, path.path);
}

std::string Digest(const DiffedPath& path) {
  const auto short_hash = [](std::string_view hash) { return std::string(hash.substr(0, 8)); };
  return path.old_hash.empty() ? short_hash(path.hash) : short_hash(path.old_hash) + ".." + short_hash(path.hash);
}

Json HashJson(const DiffedPath& path, bool modified) {
  const auto text = [](const std::string& hash) { return hash.empty() ? Json() : Json(hash); };
  if (modified) return Json::Object{{"old", text(path.old_hash)}, {"new", text(path.hash)}};
  return text(path.hash);
}

}  // namespace

bool DataDiff::Empty() const {
  return added.empty() && deleted.empty() && renamed.empty() && modified.empty() && not_in_cache.empty();
}

std::string DataDiffText(const DataDiff& diff, const DataDiffOptions& options) {
  std::string out, summary;
  for (const auto& [name, paths] : Groups(diff, options)) {
    if (paths.empty()) continue;
    std::string title(name);
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    out += title + ":\n";
    std::size_t files = 0;
    for (const DiffedPath* path : paths) {
      const std::string shown = Shown(*path);
      const std::string digest = options.show_hash ? Digest(*path) : "";
      out += fmt::format("    {}{}{}\n", digest, digest.empty() ? "" : "  ", shown);
      if (shown.back() != '/') ++files;
    }
    out += '\n';
    if (files > 0) summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", files, name);
  }
  if (!summary.empty()) out += "files summary: " + summary + "\n";
  return out;
}

std::string DataDiffMarkdown(const DataDiff& diff, const DataDiffOptions& options) {
  Table table;
  table.headers =
      options.show_hash ? std::vector<std::string>{"Status", "Hash", "Path"} : std::vector<std::string>{"Status", "Path"};
  for (const auto& [name, paths] : Groups(diff, options)) {
    for (const DiffedPath* path : paths) {
      std::vector<std::string>& row = table.rows.emplace_back();
      row.emplace_back(name);
      if (options.show_hash) row.push_back(Digest(*path));
      row.push_back(Shown(*path));
    }
  }
  return TableText(table, {.markdown = true});
}

Json DataDiffJson(const DataDiff& diff, const DataDiffOptions& options) {
  Json::Object out;
  if (diff.Empty()) return out;
  std::vector<Group> groups = Groups(diff, options);
  std::swap(groups[2], groups[3]);
  for (const auto& [name, paths] : groups) {
    Json::Array entries;
    for (const DiffedPath* path : paths) {
      Json::Object entry;
      if (path->old_path.empty()) {
        entry.emplace_back("path", path->path);
      } else {
        entry.emplace_back("path", Json::Object{{"old", path->old_path}, {"new", path->path}});
      }
      if (options.show_hash) entry.emplace_back("hash", HashJson(*path, name == "modified"));
      entries.push_back(std::move(entry));
    }
    out.emplace_back(std::string(name), std::move(entries));
  }
  return out;
}

}  // namespace mlean::metrics

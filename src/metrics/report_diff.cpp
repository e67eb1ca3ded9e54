#include "metrics/report_diff.hpp"

#include <fmt/core.h>

#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "metrics/json_pieces.hpp"
#include "metrics/table.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

struct Group {
  std::string_view name;
  const MadeList<DiffedPath>* paths;
};

// In the order of the text; the JSON has modified before renamed.
std::vector<Group> Groups(const DataDiff& diff, const DataDiffOptions& options) {
  std::vector<Group> groups = {
      {"added", &diff.added}, {"deleted", &diff.deleted}, {"renamed", &diff.renamed}, {"modified", &diff.modified}};
  if (!options.hide_missing) groups.push_back({"not in cache", &diff.not_in_cache});
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

Json PathJson(const DiffedPath& path) {
  if (path.old_path.empty()) return path.path;
  return Json::Object{{"old", path.old_path}, {"new", path.path}};
}

}  // namespace

bool DataDiff::Empty() const {
  return added.empty() && deleted.empty() && renamed.empty() && modified.empty() && not_in_cache.empty();
}

void WriteDataDiffText(const DataDiff& diff, const DataDiffOptions& options, const TextSink& sink) {
  TextPieces out(sink);
  std::string summary;
  for (const auto& [name, list] : Groups(diff, options)) {
    const MadeList<DiffedPath>& paths = *list;
    if (paths.empty()) continue;
    std::string title(name);
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    out.Add(title + ":\n");
    std::size_t files = 0;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const DiffedPath path = paths[i];
      const std::string shown = Shown(path);
      const std::string digest = options.show_hash ? Digest(path) : "";
      out.Add(fmt::format("    {}{}{}\n", digest, digest.empty() ? "" : "  ", shown));
      if (shown.back() != '/') ++files;
    }
    out.Add("\n");
    if (files > 0) summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", files, name);
  }
  if (!summary.empty()) out.Add("files summary: " + summary + "\n");
}

void WriteDataDiffMarkdown(const DataDiff& diff, const DataDiffOptions& options, const TextSink& sink) {
  const std::vector<Group> groups = Groups(diff, options);
  std::size_t count = 0;
  for (const Group& group : groups) count += group.paths->size();
  const TableRows rows(count, [&](std::size_t index) {
    auto group = groups.begin();
    for (; index >= group->paths->size(); ++group) index -= group->paths->size();
    const DiffedPath path = (*group->paths)[index];
    std::vector<std::string> row = {std::string(group->name)};
    if (options.show_hash) row.push_back(Digest(path));
    row.push_back(Shown(path));
    return row;
  });
  std::vector<std::string> headers = {"Status", "Path"};
  if (options.show_hash) headers.insert(headers.begin() + 1, "Hash");
  WriteTable(headers, rows, {.markdown = true}, sink);
}

void WriteDataDiffJson(const DataDiff& diff, const DataDiffOptions& options, const TextSink& sink) {
  std::vector<Group> groups;
  if (!diff.Empty()) groups = Groups(diff, options);
  if (!groups.empty()) std::swap(groups[2], groups[3]);
  JsonPieces out(sink);
  out.Open('{');
  for (const Group& group : groups) {
    const MadeList<DiffedPath>& paths = *group.paths;
    out.Open('[', group.name);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const DiffedPath path = paths[i];
      Json entry = Json::Object{{"path", PathJson(path)}};
      if (options.show_hash) entry.Set("hash", HashJson(path, group.name == "modified"));
      out.Add(entry);
    }
    out.Close(']');
  }
  out.Close('}');
}

}  // namespace mlean::metrics

#include "flows/data/metric_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "pipeline/file_error.hpp"
#include "pipeline/param_file.hpp"

namespace mlean::flows {
namespace {

using metrics::FileValues;
using metrics::RevisionValues;

void AddOnce(std::vector<std::string>& files, std::string file) {
  if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
}

// Locations of what counts as metrics, folders not yet taken apart.
Result<std::vector<std::string>> MetricPlaces(RevisionView& view) {
  std::vector<std::string> places;
  TRY(const std::vector<pipeline::Stage*>* const stages, view.index().All());
  for (const pipeline::Stage* stage : *stages) {
    for (const pipeline::Output& output : stage->outs) {
      if (output.metric) places.push_back(output.location);
    }
  }
  TRY(const auto* const top_levels, view.index().TopLevels());
  for (const auto& [file, top_level] : *top_levels) {
    if (!top_level.metrics.IsArray()) continue;
    for (const codec::Json& path : top_level.metrics.AsArray()) {
      if (path.IsString()) places.push_back(view.repository().place().Locate(pipeline::FolderOf(file), path.AsString()));
    }
  }
  return places;
}

}  // namespace

metrics::ValueParsers FileParsers() {
  const auto parse = [](std::string_view text, std::string_view path) { return pipeline::ParseParamText(text, path); };
  return {.toml = parse, .python = parse};
}

FileValues UnreadFile(std::string path, const Error& error) {
  FileValues file = metrics::MissingFile(std::move(path));
  if (error.what.starts_with("No storage files available: ")) file.error->msg = "[Errno 2] " + error.what;
  return file;
}

metrics::FileError RevisionError(const Error& error) {
  const std::string first = error.what.substr(0, error.what.find('\n'));
  if (!pipeline::PrintsBare(error)) return {"DvcException", error.what};
  if (first.find("validation failed") != first.npos) {
    return {"YAMLValidationError", first.substr(0, first.find_last_not_of('.') + 1)};
  }
  std::string path = first.substr(1, first.find('\'', 1) - 1);
  if (path.starts_with("./")) path.erase(0, 2);
  return {"YAMLSyntaxError", fmt::format("unable to read: '{}', YAML file structure is corrupted", path)};
}

Result<std::vector<FileValues>> MetricsOf(RevisionView& view, const std::vector<std::string>& wanted) {
  std::vector<std::string> places = wanted;
  if (places.empty()) {
    TRY(places, MetricPlaces(view));
  }
  std::vector<std::string> files;
  for (const std::string& place : places) {
    Result<std::vector<std::string>> found = view.Files(place);
    if (!found) found = std::vector<std::string>{place};
    for (std::string& file : *found) AddOnce(files, std::move(file));
  }
  std::vector<FileValues> values;
  for (const std::string& file : files) {
    const std::string shown = view.repository().place().Shown(file);
    const Result<std::string> text = view.Read(file);
    values.push_back(text ? metrics::ReadMetrics(shown, *text, FileParsers()) : UnreadFile(shown, text.error()));
  }
  return values;
}

RevisionValues ReadValues(Repository& repository, RevisionView& view, std::string name, std::string_view what,
                          const ReadRevision& read) {
  RevisionValues values;
  values.revision = std::move(name);
  Result<std::vector<FileValues>> files = read(view);
  if (files) {
    values.files = *std::move(files);
    return values;
  }
  values.error = RevisionError(files.error());
  if (repository.say()) {
    repository.say()(pipeline::Level::kWarning,
                     fmt::format("failed to load {} in revision '{}', {}", what, values.revision, values.error->msg));
  }
  return values;
}

Result<std::vector<RevisionValues>> ShowMetrics(Repository& repository, const MetricsShowRequest& request) {
  std::vector<std::string> files;
  for (const std::string& target : request.targets) files.push_back(repository.place().Typed(target));
  const auto read = [&](RevisionView& view) { return MetricsOf(view, files); };
  std::vector<RevisionValues> shown;
  RevisionList list(repository);
  if (!request.all_branches && !request.all_tags && !request.all_commits) {
    TRY(const std::unique_ptr<RevisionView> view, list.View({}));
    shown.push_back(ReadValues(repository, *view, "", "metrics", read));
    return shown;
  }
  repo::RevisionQuery query;
  query.all_branches = request.all_branches;
  query.all_tags = request.all_tags;
  query.all_commits = request.all_commits;
  TRY(const std::vector<ListedRevision> revisions, list.WithWorkTree(query));
  for (const ListedRevision& revision : revisions) {
    TRY(const std::unique_ptr<RevisionView> view, list.View(revision));
    if (view) shown.push_back(ReadValues(repository, *view, revision.name, "metrics", read));
  }
  const std::string branch = list.ActiveBranch();
  const auto active =
      std::find_if(shown.begin() + 1, shown.end(), [&](const RevisionValues& one) { return one.revision == branch; });
  if (active != shown.end() && metrics::SameValues(shown.front(), *active)) shown.erase(shown.begin());
  return shown;
}

Result<ValuesToCompare> ReadSides(Repository& repository, const ValuesDiffRequest& request, std::string_view what,
                                  const ReadRevision& read) {
  ValuesToCompare sides;
  sides.old_values.revision = request.old_revision;
  sides.new_values.revision = request.new_revision;
  RevisionList list(repository);
  TRY(const bool any, list.HasCommits());
  if (!any) return sides;
  TRY(const std::vector<ListedRevision> revisions, list.Sides(request.old_revision, request.new_revision));
  for (const ListedRevision& revision : revisions) {
    const bool is_old = revision.name == request.old_revision;
    const bool is_new = revision.name == request.new_revision;
    if (!is_old && !is_new) continue;  // both sides are one commit: DVC finds neither
    TRY(const std::unique_ptr<RevisionView> view, list.View(revision));
    if (!view) continue;
    RevisionValues values = ReadValues(repository, *view, revision.name, what, read);
    if (is_old) sides.old_values = values;
    if (is_new) sides.new_values = std::move(values);
  }
  return sides;
}

Result<ValuesToCompare> MetricsToCompare(Repository& repository, const ValuesDiffRequest& request) {
  std::vector<std::string> files;
  for (const std::string& target : request.targets) files.push_back(repository.place().Typed(target));
  return ReadSides(repository, request, "metrics", [&](RevisionView& view) { return MetricsOf(view, files); });
}

}  // namespace mlean::flows

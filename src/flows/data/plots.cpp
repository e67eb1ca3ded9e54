#include "flows/data/plots.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "flows/data/metric_values.hpp"
#include "os/files.hpp"
#include "repo/git.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

// A revision's files by their paths from the working directory.
class ViewTree final : public metrics::PlotTree {
 public:
  explicit ViewTree(RevisionView& view) : view_(view) {}

  bool Exists(const std::string& path) const override { return view_.Look(At(path)) != RevisionView::Kind::kNone; }
  bool IsFolder(const std::string& path) const override { return view_.Look(At(path)) == RevisionView::Kind::kDir; }
  std::vector<std::string> FilesUnder(const std::string& folder) const override {
    std::vector<std::string> shown;
    const Result<std::vector<std::string>> files = view_.Files(At(folder));
    if (!files) return shown;
    for (const std::string& file : *files) shown.push_back(place().Shown(file));
    return shown;
  }
  Result<std::string> Read(const std::string& path) const override { return view_.Read(At(path)); }

 private:
  const pipeline::Place& place() const { return view_.repository().place(); }
  std::string At(const std::string& path) const { return place().Typed(path); }
  RevisionView& view_;
};

metrics::TopLevelPlots TopLevel(const std::string& shown_file, const codec::Json& plots) {
  metrics::TopLevelPlots top_level{.dvcfile = shown_file, .plots = {}};
  for (const codec::Json& plot : plots.AsArray()) {
    if (plot.IsString()) {
      top_level.plots.push_back({plot.AsString(), codec::Json::Object{}});
    } else if (plot.IsObject() && !plot.AsObject().empty()) {
      const auto& [id, props] = plot.AsObject().front();
      top_level.plots.push_back({id, props.IsObject() ? props : codec::Json(codec::Json::Object{})});
    }
  }
  return top_level;
}

Result<metrics::PlotDefinitions> Definitions(RevisionView& view) {
  const pipeline::Place& place = view.repository().place();
  metrics::PlotDefinitions definitions;
  TRY(const auto* const top_levels, view.index().TopLevels());
  for (const auto& [file, top_level] : *top_levels) {
    if (top_level.plots.IsArray()) definitions.top_level.push_back(TopLevel(place.Shown(file), top_level.plots));
  }
  TRY(const std::vector<pipeline::Stage*>* const stages, view.index().All());
  for (const pipeline::Stage* stage : *stages) {
    for (const pipeline::Output& output : stage->outs) {
      if (!output.plot) continue;
      definitions.stages.push_back(
          {.wdir = stage->wdir == place.cwd ? "." : pipeline::Relative(stage->wdir, place.cwd),
           .path = output.path,
           .dvcfile = place.Shown(stage->file),
           .props = output.plot_props.IsObject() ? output.plot_props : codec::Json(codec::Json::Object{})});
    }
  }
  return definitions;
}

metrics::PlotRevision Collect(RevisionView& view, const std::string& name, const PlotsRequest& request) {
  const Result<metrics::PlotDefinitions> definitions = Definitions(view);
  if (!definitions) {
    metrics::PlotRevision broken;
    broken.revision = name;
    broken.error = RevisionError(definitions.error());
    return broken;
  }
  return metrics::CollectPlots(name, *definitions, ViewTree(view),
                               {.targets = request.targets, .props = request.props, .parsers = FileParsers()});
}

// The commit that an experiment of this name began at, shortened; "" when there is none.
Result<std::string> BaselineOf(const Repository& repository, const std::string& name) {
  TRY(const std::vector<repo::GitRef> refs, repo::ListRefs(repository.git_root(), "refs/exps/"));
  for (const repo::GitRef& ref : refs) {
    if (repo::IsExperimentRef(ref.name) && ref.name.ends_with("/" + name)) return repo::ExperimentBaseline(ref.name).substr(0, 7);
  }
  return std::string();
}

// What DVC's diff compares, the work tree in front.
Result<std::vector<std::string>> ToCompare(const Repository& repository, std::vector<std::string> revisions, bool experiment) {
  if (experiment && revisions.size() == 1) {
    TRY(std::string baseline, BaselineOf(repository, revisions.front()));
    if (!baseline.empty()) revisions.push_back(std::move(baseline));
  }
  if (revisions.empty()) {
    TRY(const repo::GitFacts facts, repo::ReadGitFacts(repository.git_root()));
    if (facts.dirty) revisions.emplace_back("HEAD");
  }
  if (revisions.size() <= 1) revisions.emplace_back(kWorkspace);
  const auto workspace = std::find(revisions.begin(), revisions.end(), kWorkspace);
  if (workspace != revisions.end()) std::rotate(revisions.begin(), workspace, workspace + 1);
  return revisions;
}

}  // namespace

Result<std::vector<metrics::PlotRevision>> ShowPlots(Repository& repository, const PlotsRequest& request) {
  TRY(const std::unique_ptr<RevisionView> view, RevisionView::OfWorkTree(repository));
  std::vector<metrics::PlotRevision> revisions;
  revisions.push_back(Collect(*view, std::string(kWorkspace), request));
  return revisions;
}

Result<std::vector<metrics::PlotRevision>> DiffPlots(Repository& repository, const PlotsRequest& request,
                                                     std::vector<std::string> revisions, bool experiment) {
  std::vector<metrics::PlotRevision> collected;
  RevisionList list(repository);
  TRY(const bool any, list.HasCommits());
  if (!any) return collected;
  TRY(revisions, ToCompare(repository, std::move(revisions), experiment));
  TRY(repo::GitReader* const reader, list.Reader());
  for (const std::string& name : revisions) {
    ListedRevision revision{name, ""};
    if (name != kWorkspace) {
      TRY(revision.commit, reader->Resolve(name));
    }
    TRY(const std::unique_ptr<RevisionView> view, list.View(revision));
    if (!view) {
      return Fail(Code::kNotFound, fmt::format("Commit '{}' does not contain a DVC repo", revision.commit.substr(0, 7)));
    }
    metrics::PlotRevision plots = Collect(*view, name, request);
    const auto same = std::find_if(collected.begin(), collected.end(), [&](const auto& one) { return one.revision == name; });
    if (same == collected.end()) collected.push_back(std::move(plots));
  }
  return collected;
}

metrics::TemplateFiles TemplatesOf(const Repository& repository) {
  return [&repository](std::string_view name) -> std::optional<std::string> {
    const fs::path folder = repository.project().DvcDir() / "plots";
    for (const fs::path& file : {folder / name, folder / (std::string(name) + ".json"), repository.directory() / name}) {
      const Result<std::string> text = os::IsDir(file) ? Result<std::string>(Fail(Code::kNotFound, "")) : os::ReadFile(file);
      if (text) return *text;
    }
    return std::nullopt;
  };
}

}  // namespace mlean::flows

// Step reproduce: brings the model's stages up to date. Stages find `mlean` itself first in PATH.
#include <fmt/core.h>

#include <cstdlib>

#include "base/text.hpp"
#include "flows/cached_objects.hpp"
#include "flows/data/project_files.hpp"
#include "flows/turn/engine.hpp"
#include "os/machine.hpp"
#include "pipeline/reproduce.hpp"
#include "repo/git_ignore.hpp"

namespace mlean::flows {

namespace {

// CachedObjects that keep .gitignore in step.
class TurnObjects final : public CachedObjects {
 public:
  TurnObjects(const repo::Project& project, cas::HashState& state) : CachedObjects(project, state), project_(project) {}
  Result<void> Ignore(const std::filesystem::path& output) override {
    TRYV(repo::AddToGitIgnore(project_.git_root, output, project_.DvcTempDir()));
    return {};
  }

 private:
  const repo::Project& project_;
};

codec::Json StageJson(const pipeline::StageOutcome& outcome) {
  codec::Json outs = codec::Json::Object{};
  for (const pipeline::Output& out : outcome.stage->outs) outs.Set(out.path, out.content.hash);
  codec::Json deps = codec::Json::Object{};
  for (const pipeline::Dependency& dep : outcome.stage->deps) {
    if (dep.kind == pipeline::Dependency::Kind::kPath) deps.Set(dep.path, dep.content.hash);
  }
  return codec::Json::Object{{"name", outcome.name},
                             {"outcome", pipeline::OutcomeName(outcome.kind)},
                             {"wall_ms", outcome.wall_ms},
                             {"deps", std::move(deps)},
                             {"outs", std::move(outs)}};
}

}  // namespace

Result<StepResult> ReproduceStep(TurnContext& context) {
  const repo::Project& project = context.workspace.project;
  TRY(cas::HashState state, cas::HashState::Open(project.HashStateFile()));
  TurnObjects objects(project, state);
  TRY(ProjectFiles files, ProjectFiles::Open(project.root, project.git_root));
  pipeline::Index index(files, {.place = {.root = project.root}});
  pipeline::ReproduceOptions options;
  options.targets = context.model.train;
  options.run_cache = project.CacheDir() / "runs";
  options.log_dir = context.LogDir();
  options.capture = true;
  options.cancel = context.options.cancel;
  const char* path = std::getenv("PATH");
  options.env = {{"PATH", os::ExecutablePath().parent_path().string() + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
                 {"MLEAN_TURN", context.turn.id}};
  TRY(const pipeline::ReproduceResult done, pipeline::Reproduce(index, files, objects, options));
  TRYV(state.Save());

  StepResult result;
  codec::Json stages = codec::Json::Array{};
  std::vector<std::string> words;
  for (const pipeline::StageOutcome& outcome : done.outcomes) {
    stages.Push(StageJson(outcome));
    words.push_back(fmt::format("{} {}", outcome.name, pipeline::OutcomeName(outcome.kind)));
  }
  result.outputs = codec::Json::Object{{"stages", std::move(stages)}};
  result.message = words.empty() ? "no stages" : Join(words, ", ");
  return result;
}

}  // namespace mlean::flows

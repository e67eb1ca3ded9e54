// Step reproduce: brings the model's stages up to date. Stages find `mlean` itself first in PATH.
#include <fmt/core.h>

#include <cstdlib>

#include "base/text.hpp"
#include "flows/cached_objects.hpp"
#include "flows/turn/engine.hpp"
#include "os/machine.hpp"
#include "pipeline/reproduce.hpp"

namespace mlean::flows {

Result<StepResult> ReproduceStep(TurnContext& context) {
  const repo::Project& project = context.workspace.project;
  TRY(cas::HashState state, cas::HashState::Open(project.HashStateFile()));
  CachedObjects objects(project, state);
  pipeline::ReproduceOptions options;
  options.root = project.root;
  options.targets = context.model.train;
  options.log_dir = context.LogDir();
  options.cancel = context.options.cancel;
  const char* path = std::getenv("PATH");
  options.env = {{"PATH", os::ExecutablePath().parent_path().string() + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
                 {"MLEAN_TURN", context.turn.id}};
  options.ignore_output = [&](const std::filesystem::path& output) -> Result<void> {
    TRY(const bool changed, repo::IgnoreOutput(project.git_root, output));
    static_cast<void>(changed);
    return {};
  };
  TRY(const auto outcomes, pipeline::Reproduce(options, objects));
  TRYV(state.Save());

  StepResult result;
  codec::Json stages = codec::Json::Array{};
  std::vector<std::string> words;
  for (const pipeline::StageOutcome& outcome : outcomes) {
    codec::Json outs = codec::Json::Object{};
    for (const pipeline::LockedPath& out : outcome.outs) outs.Set(out.path, out.md5);
    codec::Json deps = codec::Json::Object{};
    for (const pipeline::LockedPath& dep : outcome.deps) deps.Set(dep.path, dep.md5);
    stages.Push(codec::Json::Object{{"name", outcome.name},
                                    {"outcome", pipeline::OutcomeName(outcome.kind)},
                                    {"wall_ms", outcome.wall_ms},
                                    {"deps", std::move(deps)},
                                    {"outs", std::move(outs)}});
    words.push_back(fmt::format("{} {}", outcome.name, pipeline::OutcomeName(outcome.kind)));
  }
  result.outputs = codec::Json::Object{{"stages", std::move(stages)}};
  result.message = words.empty() ? "no stages" : Join(words, ", ");
  return result;
}

}  // namespace mlean::flows

#include "verbs/data/exp_queue.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "experiments/override.hpp"
#include "flows/data/exp_refs.hpp"
#include "os/process.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/say.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;

constexpr std::array kKept = {
    "TARGET",           "force",   "single-item",   "pipeline",   "all-pipelines", "recursive", "downstream",
    "force-downstream", "pull",    "allow-missing", "keep-going", "ignore-errors", "glob",      "no-commit",
    "no-run-cache",     "message", "set-param",     "copy-paths"};

// The overrides of each experiment, by file: one set, or the combinations of a sweep.
using Overrides = std::vector<experiments::FileOverrides>;

Result<std::vector<Overrides>> CombinationsOf(const std::vector<std::string>& typed) {
  TRY(const std::vector<flows::ParamOverrides> files, flows::ParseParams(typed));
  std::vector<Overrides> all = {{}};
  for (const flows::ParamOverrides& file : files) {
    TRY(const std::vector<std::vector<std::string>> sets, experiments::Combinations(file.overrides));
    if (all.size() * sets.size() > experiments::kMaxSweepValues) {
      return Fail(Code::kTooLarge, fmt::format("cannot queue over {} experiments at once", experiments::kMaxSweepValues));
    }
    std::vector<Overrides> more;
    for (const Overrides& before : all) {
      for (const std::vector<std::string>& set : sets) {
        more.push_back(before);
        more.back().push_back({file.file, set});
      }
    }
    all = std::move(more);
  }
  return all;
}

// "{'params.yaml': ['lr=2']}"
std::string Shown(const Overrides& overrides) {
  Json shown = Json::Object{};
  for (const experiments::FileOverrides& file : overrides) {
    Json list = Json::Array{};
    for (const std::string& one : file.overrides) list.Push(one);
    shown.Set(file.file, std::move(list));
  }
  return codec::PythonRepr(shown);
}

std::vector<std::string> AsTyped(const Overrides& overrides) {
  std::vector<std::string> typed;
  for (const experiments::FileOverrides& file : overrides) {
    for (const std::string& one : file.overrides) typed.push_back(file.file + ":" + one);
  }
  return typed;
}

}  // namespace

Json KeepArguments(const Arguments& arguments) {
  Json kept = Json::Object{};
  for (const char* const name : kKept) {
    if (!arguments.Has(name)) continue;
    Json values = Json::Array{};
    for (const std::string& value : arguments.List(name)) values.Push(value);
    kept.Set(name, std::move(values));
  }
  return kept;
}

Arguments KeptArguments(const Json& kept) {
  Arguments arguments;
  for (const char* const name : kKept) {
    const Json* const values = kept.IsObject() ? kept.Find(name) : nullptr;
    if (values == nullptr || !values->IsArray()) continue;
    for (const Json& value : values->AsArray()) arguments.Add(name, value.IsString() ? value.AsString() : "");
  }
  return arguments;
}

Result<int> QueueExperiments(const Arguments& arguments, const Context& context, flows::Repository& repository,
                             flows::ExpRunRequest request) {
  TRY(const flows::ExpGit git, flows::GitOf(repository));
  const flows::ExpQueue queue(repository);
  TRY(const std::vector<Overrides> combinations, CombinationsOf(request.params));
  const std::string prefix = request.name;
  for (std::size_t i = 0; i < combinations.size(); ++i) {
    flows::ExpRunRequest one = request;
    if (!prefix.empty() && combinations.size() > 1) one.name = fmt::format("{}-{}", prefix, i + 1);
    one.params = AsTyped(combinations[i]);
    TRY(const flows::ExpPlan plan, flows::PlanExperiment(repository, git, std::move(one)));
    TRY(const flows::QueuedTask task,
        queue.Put(repository, git, plan, KeepArguments(arguments), context.clock->Now() / kSecondMs));
    if (!combinations[i].empty()) Inform(context, fmt::format("Queueing with overrides '{}'.", Shown(combinations[i])));
    Inform(context, fmt::format("Queued experiment '{}' for future execution.", task.name));
  }
  TRYV(repository.Finish());
  return 0;
}

Result<void> WorkOnQueue(flows::Repository& repository, bool follow, const std::atomic<bool>* cancel) {
  const flows::ExpQueue queue(repository);
  std::error_code ignored;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto run = [&](const flows::QueuedTask& task) -> Result<bool> {
    os::ProcessSpec spec;
    spec.argv = {self.string(), "queue", "task", std::to_string(task.number)};
    spec.cwd = task.directory;
    spec.log_file = task.log;
    spec.cancel = cancel;
    if (follow) spec.on_line = [](std::string_view line) { PrintLine(line); };
    const Result<os::ProcessOutcome> outcome = os::RunProcess(spec);
    return outcome && outcome->Ok();
  };
  return queue.Work(run, cancel);
}

Result<int> RunAllQueued(const Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory, {.lock = false, .quiet = context.quiet, .say = SayFor(context)}));
  const flows::ExpQueue queue(*repository);
  std::vector<std::int64_t> waiting;
  for (const flows::QueuedTask& task : queue.Tasks()) {
    if (task.state == flows::TaskState::kQueued) waiting.push_back(task.number);
  }
  if (waiting.empty()) return 0;
  Inform(context, "Following logs for all queued experiments. Ctrl+C stops the one that runs.\n");
  TRYV(WorkOnQueue(*repository, !context.quiet, interrupt->flag()));
  std::vector<std::string> failed;
  std::vector<std::string> done;
  for (const std::int64_t number : waiting) {
    const std::optional<flows::QueuedTask> task = queue.Find(number);
    if (task && task->state == flows::TaskState::kFailed) failed.push_back(task->name);
    if (task && task->state == flows::TaskState::kSuccess) done.push_back(task->name);
  }
  if (!failed.empty()) {
    Caught(context, fmt::format("Failed to reproduce experiment(s) '{}'", Join(failed, ", ")));
  }
  if (!done.empty()) {
    Inform(context, fmt::format("\nRan experiment(s): {}", Join(done, ", ")));
    Inform(context, "To apply the results of an experiment to your workspace run:\n\n\tdvc exp apply <exp>");
  }
  if (*interrupt->flag()) return Fail(Code::kCancelled, "interrupted");
  return 0;
}

std::vector<std::string> NamesOf(const std::vector<flows::QueuedTask>& tasks) {
  std::vector<std::string> names;
  for (const flows::QueuedTask& task : tasks) names.push_back(task.name);
  return names;
}

Result<std::vector<flows::QueuedTask>> RequireTasks(const std::vector<flows::QueuedTask>& tasks,
                                                    const std::vector<std::string>& names, std::string_view what) {
  std::vector<flows::QueuedTask> found;
  std::vector<std::string> unknown;
  const std::vector<std::optional<flows::QueuedTask>> matches = flows::MatchTasks(tasks, names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (matches[i]) found.push_back(*matches[i]);
    if (!matches[i]) unknown.push_back(names[i]);
  }
  if (unknown.empty()) return found;
  return Fail(Code::kInvalid, fmt::format(fmt::runtime(unknown.size() > 1 ? "'{}' are not valid {}s" : "'{}' is not a valid {}"),
                                          Join(unknown, "; "), what));
}

}  // namespace mlean::verbs

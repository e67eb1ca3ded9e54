#include "flows/data/exp_show.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "flows/data/exp_queue.hpp"
#include "flows/data/exp_refs.hpp"
#include "flows/data/exp_running.hpp"
#include "flows/data/exp_time.hpp"
#include "flows/data/metric_values.hpp"
#include "flows/data/param_values.hpp"
#include "flows/data/revision_view.hpp"

namespace mlean::flows {
namespace {

using codec::Json;
using pipeline::Dependency;

constexpr std::string_view kWorkspaceRevision = "workspace";

// As DVC names a path: relative to the root, also outside of the project.
std::string FromRoot(const Repository& repository, const std::string& location) {
  if (pipeline::IsInside(location) || pipeline::IsUrl(location)) return location;
  return pipeline::Relative(location, repository.root().string());
}

void Put(std::vector<ExpContent>& list, ExpContent content) {
  const auto same = std::find_if(list.begin(), list.end(), [&](const ExpContent& one) { return one.path == content.path; });
  if (same != list.end()) {
    *same = std::move(content);
  } else {
    list.push_back(std::move(content));
  }
}

Result<void> CollectContents(Repository& repository, pipeline::Index& index, ExpData& data) {
  TRY(const std::vector<pipeline::Stage*>* const stages, index.All());
  for (const pipeline::Stage* stage : *stages) {
    for (const Dependency& dependency : stage->deps) {
      if (dependency.kind != Dependency::Kind::kPath) continue;
      Put(data.deps, {.path = FromRoot(repository, dependency.location),
                      .hash = dependency.content.hash,
                      .size = dependency.content.size,
                      .nfiles = dependency.content.nfiles});
    }
    for (const pipeline::Output& output : stage->outs) {
      if (output.metric || output.plot) continue;
      Put(data.outs, {.path = FromRoot(repository, output.location),
                      .hash = output.content.hash,
                      .size = output.content.size,
                      .nfiles = output.content.nfiles,
                      .use_cache = output.cache,
                      .is_data_source = stage->IsDataSource()});
    }
  }
  return {};
}

Result<ExpData> CollectData(Repository& repository, repo::GitReader& reader, const std::string& revision, bool param_deps) {
  ExpData data;
  data.revision = revision;
  std::unique_ptr<RevisionView> view;
  if (revision == kWorkspaceRevision) {
    TRY(view, RevisionView::OfWorkTree(repository));
  } else {
    TRY(data.time, reader.CommitTime(revision));
    TRY(view, RevisionView::OfCommit(repository, reader, revision));
  }
  TRY(data.params, ParamsOf(*view, {}, param_deps));
  TRY(data.metrics, MetricsOf(*view, {}));
  TRYV(CollectContents(repository, view->index(), data));
  return data;
}

// ---- experiments of a baseline
Result<ExpRange> CollectExperiment(Repository& repository, repo::GitReader& reader, const Experiment& experiment,
                                   bool param_deps) {
  ExpRange range;
  range.name = experiment.ref.name;
  for (std::string commit = experiment.commit; !commit.empty() && commit != experiment.ref.baseline;) {
    TRY(ExpState state, CollectState(repository, reader, commit, param_deps));
    range.revisions.push_back(std::move(state));
    TRY(commit, reader.FirstParent(commit));
  }
  if (!range.revisions.empty()) range.revisions.front().name = range.name;
  return range;
}

std::pair<std::int64_t, std::string> Age(const ExpRange& range) {
  const ExpState& first = range.revisions.front();
  if (!first.data || !first.data->time) return {0, ""};
  return {*first.data->time, first.revision};
}

Result<std::optional<ExpRange>> CollectRunning(Repository& repository, const RunningInfo& info, const ExpState* workspace,
                                               bool param_deps) {
  ExpRange range;
  range.name = info.name;
  const bool here = info.id == kWorkspaceRevision;
  range.executor =
      ExpExecutor{.state = "running", .name = here ? "workspace" : "tempdir", .root = info.root.string(), .pid = info.pid};
  ExpState state;
  if (here && workspace != nullptr) {
    state = *workspace;
  } else {
    std::unique_ptr<Repository> copy;
    Repository* where = &repository;
    if (!here) {
      const std::filesystem::path below = repository.root().lexically_relative(repository.git_root());
      Result<std::unique_ptr<Repository>> opened =
          Repository::Open((info.root / below).lexically_normal(), {.lock = false, .quiet = true});
      if (!opened) return std::optional<ExpRange>();  // it has just ended
      copy = *std::move(opened);
      where = copy.get();
    }
    TRY(repo::GitReader reader, repo::GitReader::Open(where->git_root()));
    TRY(state, CollectState(*where, reader, std::string(kWorkspaceRevision), param_deps));
    if (!here) state.revision = info.id;
  }
  state.name = info.name;
  range.revisions.push_back(std::move(state));
  return std::optional(std::move(range));
}

// The experiments of the queue that wait or have failed, the newest first; and how those that are done came to be.
Result<void> CollectQueue(Repository& repository, repo::GitReader& reader, const std::vector<QueuedTask>& tasks,
                          const ExpShowRequest& request, ExpState& baseline) {
  const auto executor = [](const QueuedTask& task, const char* state) {
    const bool queued = task.state == TaskState::kQueued;
    return ExpExecutor{
        .state = state, .name = "dvc-task", .root = {}, .pid = 0, .log = queued ? "" : task.log.string(), .task = task.id};
  };
  for (const QueuedTask& task : tasks) {
    if (task.state != TaskState::kSuccess) continue;
    for (ExpRange& range : baseline.experiments) {
      if (range.revisions.front().revision == task.result) range.executor = executor(task, "success");
    }
  }
  for (const TaskState wanted : {TaskState::kQueued, TaskState::kFailed}) {
    const bool failed = wanted == TaskState::kFailed;
    if (failed ? request.hide_failed : request.hide_queued) continue;
    for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
      if (task->state != wanted || task->baseline != baseline.revision) continue;
      ExpRange range;
      range.name = task->name;
      range.executor = executor(*task, failed ? "failed" : "queued");
      TRY(ExpState state, CollectState(repository, reader, task->id, request.param_deps));
      state.name = task->name;
      if (failed) state.error = metrics::FileError{.type = "", .msg = "Experiment run failed"};
      range.revisions.push_back(std::move(state));
      baseline.experiments.push_back(std::move(range));
    }
  }
  return {};
}

// ---- JSON
Json ErrorJson(const metrics::FileError& error) { return Json::Object{{"msg", error.msg}, {"type", error.type}}; }

Json ValuesJson(const std::vector<metrics::FileValues>& files) {
  Json out = Json::Object{};
  for (const metrics::FileValues& file : files) {
    out.Set(file.path, file.error
                           ? Json(Json::Object{{"error", Json::Object{{"type", file.error->type}, {"msg", file.error->msg}}}})
                           : Json(Json::Object{{"data", file.data}}));
  }
  return out;
}

Json ContentsJson(const std::vector<ExpContent>& contents, bool outs) {
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? Json(static_cast<std::int64_t>(*value)) : Json();
  };
  Json::Object out;
  for (const ExpContent& content : contents) {
    Json::Object entry = {{"hash", content.hash.empty() ? Json() : Json(content.hash)},
                          {"size", number(content.size)},
                          {"nfiles", number(content.nfiles)}};
    if (outs) {
      entry.emplace_back("use_cache", content.use_cache);
      entry.emplace_back("is_data_source", content.is_data_source);
    }
    out.emplace_back(content.path, std::move(entry));
  }
  return out;
}

Json DataJson(const ExpData& data) {
  return Json::Object{{"rev", data.revision},
                      {"timestamp", data.time ? Json(IsoTime(*data.time)) : Json()},
                      {"params", ValuesJson(data.params)},
                      {"metrics", ValuesJson(data.metrics)},
                      {"deps", ContentsJson(data.deps, false)},
                      {"outs", ContentsJson(data.outs, true)},
                      {"meta", Json::Object{}}};
}

Json ExecutorJson(const ExpExecutor& executor) {
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  Json local;
  if (executor.pid != 0 || !executor.task.empty()) {
    local = Json::Object{{"root", text(executor.root)},
                         {"log", text(executor.log)},
                         {"pid", executor.pid != 0 ? Json(executor.pid) : Json()},
                         {"returncode", nullptr},
                         {"task_id", text(executor.task)}};
  }
  return Json::Object{{"state", executor.state}, {"name", executor.name}, {"local", std::move(local)}};
}

Json StateJson(const ExpState& state) {
  Json experiments;
  for (const ExpRange& range : state.experiments) {
    Json revisions = Json::Array{};
    for (const ExpState& one : range.revisions) revisions.Push(StateJson(one));
    experiments.Push(Json::Object{{"revs", std::move(revisions)},
                                  {"executor", range.executor ? ExecutorJson(*range.executor) : Json()},
                                  {"name", range.name}});
  }
  return Json::Object{{"rev", state.revision},
                      {"name", state.name.empty() ? Json() : Json(state.name)},
                      {"data", state.data ? DataJson(*state.data) : Json()},
                      {"error", state.error ? ErrorJson(*state.error) : Json()},
                      {"experiments", std::move(experiments)}};
}

}  // namespace

Result<ExpState> CollectState(Repository& repository, repo::GitReader& reader, const std::string& revision, bool param_deps) {
  ExpState state;
  state.revision = revision;
  Result<ExpData> data = CollectData(repository, reader, revision, param_deps);
  if (data) {
    state.data = *std::move(data);
  } else if (data.error().code == Code::kCancelled) {
    return std::move(data).error();
  } else {
    state.error = RevisionError(data.error());
  }
  return state;
}

Result<std::vector<ExpState>> ShowExperiments(Repository& repository, const ExpShowRequest& request) {
  std::vector<ExpState> states;
  TRY(const ExpGit git, GitOf(repository));
  TRY(repo::GitReader reader, repo::GitReader::Open(git.root()));
  TRY(const std::optional<std::string> head, reader.ResolveByGit("HEAD"));
  if (!head) return states;
  repo::RevisionQuery query = request.baselines;
  if (!query.Any()) query.revisions = {"HEAD"};
  TRY(const std::vector<repo::NamedRevision> baselines, repo::ListRevisions(reader, query));
  TRY(const std::vector<Experiment> experiments, ListExperiments(git, ""));
  TRY(const CommitNames names, CommitNames::Read(git));
  if (!request.hide_workspace) {
    TRY(ExpState workspace, CollectState(repository, reader, std::string(kWorkspaceRevision), request.param_deps));
    states.push_back(std::move(workspace));
  }
  const std::vector<RunningInfo> running = ReadRunning(repository);
  const std::vector<QueuedTask> tasks = ExpQueue(repository).Tasks();
  for (const repo::NamedRevision& baseline : baselines) {
    TRY(ExpState state, CollectState(repository, reader, baseline.commit, request.param_deps));
    if (!request.sha_only) state.name = names.Of(baseline.commit);
    for (const RunningInfo& info : running) {
      if (info.baseline != baseline.commit) continue;
      const ExpState* workspace = request.hide_workspace ? nullptr : &states.front();
      TRY(std::optional<ExpRange> range, CollectRunning(repository, info, workspace, request.param_deps));
      if (range) state.experiments.push_back(*std::move(range));
    }
    std::vector<ExpRange> done;
    for (const Experiment& experiment : experiments) {
      if (experiment.ref.baseline != baseline.commit) continue;
      TRY(ExpRange range, CollectExperiment(repository, reader, experiment, request.param_deps));
      if (!range.revisions.empty()) done.push_back(std::move(range));
    }
    std::stable_sort(done.begin(), done.end(), [](const ExpRange& a, const ExpRange& b) { return Age(a) > Age(b); });
    for (ExpRange& range : done) state.experiments.push_back(std::move(range));
    TRYV(CollectQueue(repository, reader, tasks, request, state));
    states.push_back(std::move(state));
  }
  return states;
}

Json ExperimentsJson(const std::vector<ExpState>& states) {
  Json out = Json::Array{};
  for (const ExpState& state : states) out.Push(StateJson(state));
  return out;
}

}  // namespace mlean::flows

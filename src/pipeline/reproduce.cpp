#include "pipeline/reproduce.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "base/text.hpp"
#include "os/files.hpp"
#include "pipeline/stage_run.hpp"

namespace mlean::pipeline {
namespace {

// "'a', 'b' and 'c'"
std::string Quoted(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back("'" + name + "'");
  if (quoted.size() < 2) return quoted.empty() ? "" : quoted.front();
  return Join({quoted.begin(), quoted.end() - 1}, ", ") + " and " + quoted.back();
}

class Runner {
 public:
  Runner(Index& index, Source& source, Objects& objects, const ReproduceOptions& options)
      : index_(index),
        options_(options),
        locks_(index.place(), [this](Level level, std::string_view text) { current_->Tell(level, text); }),
        context_{index, source, objects, options, nullptr, RunCache(options.run_cache), &locks_, &result_.changed_files} {}

  Result<ReproduceResult> Go() {
    TRYV(Prepare());
    const bool parallel = options_.jobs > 1 && context_.graph != nullptr && steps_.size() > 1;
    Result<void> done = parallel ? RunParallel() : RunInOrder();
    const Result<void> finished = locks_.Finish();
    if (!done) return std::move(done).error();
    if (!finished) return finished.error();
    if (options_.on_error != OnError::kIgnore && !failed_.empty()) {
      return Fail(Code::kInvalid, fmt::format("failed to reproduce{} {}", failed_.size() > 1 ? " stages:" : "", Quoted(failed_)));
    }
    for (const std::string& file : locks_.changed()) result_.changed_files.push_back(file);
    return std::move(result_);
  }

 private:
  struct Step {
    Stage* stage = nullptr;
    std::size_t node = 0;  // in the graph
    bool force = false;
    bool skipped = false;  // for a failure of what it needs
    bool started = false;
    bool done = false;
    std::size_t waits = 0;  // for so many steps
    std::unique_ptr<StageRun> run;
    CommandOutcome command;
    Result<void> command_done;
  };

  // ---- the plan
  Result<void> Prepare() {
    index_.MendCutLocks();
    std::vector<Stage*> targets;
    if (!options_.all_pipelines) {
      const std::vector<std::string> typed = options_.targets.empty() ? std::vector<std::string>{"dvc.yaml"} : options_.targets;
      for (const std::string& target : typed) {
        TRY(const std::vector<Stage*> found, index_.Collect(target, {.recursive = options_.recursive, .glob = options_.glob}));
        for (Stage* stage : found) {
          if (std::find(targets.begin(), targets.end(), stage) == targets.end()) targets.push_back(stage);
        }
      }
    }
    if (options_.pull && !options_.no_run_cache) TRYV(context_.objects.FetchRunCache());
    const bool single = options_.single && !options_.pipeline && !options_.all_pipelines;
    if (single) {
      for (Stage* stage : targets) AddStep(stage, 0);
      return {};
    }
    TRY(context_.graph, index_.Graph());
    TRY(const std::vector<Stage*>* const all, index_.All());
    std::vector<std::size_t> nodes;
    for (const Stage* target : targets) nodes.push_back(context_.graph->IndexOf(*target));
    std::erase(nodes, context_.graph->size());
    // No targets mean all stages, as in DVC also when they come from a dvc.yaml that has none.
    const StageGraph::PlanOptions plan{.pipeline = options_.pipeline, .downstream = options_.downstream && !options_.pipeline};
    for (const std::size_t node : context_.graph->Plan(nodes, plan)) AddStep((*all)[node], node);
    step_of_.assign(context_.graph->size(), steps_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) step_of_[steps_[i].node] = i;
    for (Step& step : steps_) {
      if (step.stage->frozen) continue;
      for (const std::size_t need : context_.graph->Needs(step.node)) {
        if (step_of_[need] != steps_.size()) ++step.waits;
      }
    }
    return {};
  }

  void AddStep(Stage* stage, std::size_t node) {
    Step step;
    step.stage = stage;
    step.node = node;
    step.force = options_.force;
    steps_.push_back(std::move(step));
  }

  // ---- one step
  Error Failed(const Step& step, Error error) const {
    if (error.code != Code::kCancelled) error.code = Code::kInvalid;
    return std::move(error).With(fmt::format("failed to reproduce '{}'", Addressing(*step.stage, index_.place())));
  }

  std::vector<std::string> Reads(const Stage& stage) const {
    std::vector<std::string> reads;
    for (const Dependency& dep : stage.deps) {
      if (dep.kind == Dependency::Kind::kPath || dep.kind == Dependency::Kind::kParams) reads.push_back(dep.location);
    }
    return reads;
  }
  std::vector<std::string> Writes(const Stage& stage) const {
    std::vector<std::string> writes;
    for (const Output& out : stage.outs) writes.push_back(out.location);
    return writes;
  }

  Result<StageRun::Next> Begin(Step& step, bool keep_output) {
    std::vector<const Stage*> upstream;
    if (context_.graph != nullptr && !step.stage->frozen) {
      for (const std::size_t need : context_.graph->Needs(step.node)) upstream.push_back(&context_.graph->stage(need));
    }
    step.started = true;
    step.run = std::make_unique<StageRun>(context_, *step.stage, std::move(upstream), keep_output);
    current_ = step.run.get();
    if (options_.cancel != nullptr && options_.cancel->load()) return Fail(Code::kCancelled, "cancelled");
    if (options_.locks != nullptr) TRYV(options_.locks->Enter(*step.stage, Reads(*step.stage), Writes(*step.stage)));
    step_entered_ = true;
    TRY(const StageRun::Next next, step.run->Begin(step.force));
    if (next == StageRun::Next::kCommand) TRYV(OpenLog(step));
    return next;
  }

  Result<void> OpenLog(Step& step) const {
    if (options_.log_dir.empty()) return {};
    TRYV(os::MakeDirs(options_.log_dir));
    step.run->outcome.log = options_.log_dir / (ReplaceAll(step.run->outcome.name, "/", "_") + ".log");
    return os::Remove(step.run->outcome.log);
  }

  Result<void> EndCommand(Step& step) {
    current_ = step.run.get();
    step.run->Keep(step.command);
    if (!step.command_done) return step.command_done;
    return step.run->Finish();
  }

  void Leave(const Step& step) {
    if (options_.locks != nullptr) options_.locks->Leave(*step.stage);
  }

  // Books a step that is over. An error ends the whole run.
  Result<void> Complete(Step& step, Result<void> done) {
    step.done = true;
    StageOutcome& outcome = step.run->outcome;
    if (!done) {
      const bool stops = options_.on_error == OnError::kStop || done.error().code == Code::kCancelled;
      if (!stops)
        step.run->Tell(Level::kWarning, done.error().what + (options_.on_error == OnError::kIgnore ? " (ignored)" : ""));
      if (!stops && options_.on_error == OnError::kKeepGoing) SkipDependents(step);
      step.run->Flush(step.command);
      if (stops) return Failed(step, std::move(done).error());
      outcome.kind = StageOutcome::Kind::kFailed;
      failed_.push_back(outcome.name);
    } else {
      step.run->Flush(step.command);
      last_reproduced_ = step.run->reproduced();
      if (last_reproduced_) ++result_.changed;
      if (options_.force_downstream && (last_reproduced_ || step.force)) ForceDependents(step);
    }
    if (options_.on_stage) options_.on_stage(outcome);
    result_.outcomes.push_back(outcome);
    Release(step);
    return {};
  }

  // Dependents have one step less to wait for.
  void Release(const Step& step) {
    if (context_.graph == nullptr) return;
    for (const std::size_t node : context_.graph->NeededBy(step.node)) {
      const std::size_t index = step_of_[node];
      if (index != steps_.size() && steps_[index].waits > 0) --steps_[index].waits;
    }
  }

  void ForceDependents(const Step& step) {
    if (context_.graph == nullptr) return;
    for (const std::size_t node : context_.graph->NeededBy(step.node)) {
      if (step_of_[node] != steps_.size()) steps_[step_of_[node]].force = true;
    }
  }

  void SkipDependents(const Step& step) {
    if (context_.graph == nullptr) return;
    std::vector<std::string> names;
    for (const std::size_t node : context_.graph->Plan({step.node}, {.downstream = true})) {
      if (node == step.node) continue;
      names.push_back(Addressing(context_.graph->stage(node), index_.place()));
      if (step_of_[node] != steps_.size()) steps_[step_of_[node]].skipped = true;
    }
    if (names.empty()) return;
    step.run->Tell(Level::kWarning,
                   fmt::format("Stage{} {} will be skipped due to this failure", names.size() > 1 ? "s" : "", Quoted(names)));
  }

  // A blank line between a stage that was reproduced and the next one.
  void SayGap() const {
    if (last_reproduced_ && options_.say) options_.say(Level::kInfo, "");
  }

  // ---- one after the other
  Result<void> RunInOrder() {
    for (Step& step : steps_) {
      if (step.skipped) continue;
      SayGap();
      step_entered_ = false;
      Result<void> done;
      Result<StageRun::Next> next = Begin(step, false);
      if (!next) {
        done = std::move(next).error();
      } else if (*next == StageRun::Next::kCommand) {
        done = RunHere(step);
      }
      if (step_entered_) Leave(step);
      TRYV(Complete(step, std::move(done)));
    }
    return {};
  }

  Result<void> RunHere(Step& step) {
    CommandSpec spec = step.run->Command();
    spec.own_stdin = options_.own_stdin;
    spec.on_line = [&](std::string_view line) { step.run->Tell(Level::kInfo, fmt::format("> {}", line)); };
    if (options_.locks != nullptr) options_.locks->Release();
    step.command_done = RunCommand(spec, step.command);
    if (options_.locks != nullptr) TRYV(options_.locks->Retake());
    return EndCommand(step);
  }

  // ---- several at once
  Result<void> RunParallel() {
    std::vector<std::thread> threads(steps_.size());
    Result<void> result;
    std::size_t running = 0;
    while (true) {
      if (result.ok()) result = StartReady(threads, running);
      if (running == 0) break;
      const std::size_t index = WaitForOne();
      threads[index].join();
      --running;
      Step& step = steps_[index];
      Result<void> done = EndCommand(step);
      Leave(step);
      SayGap();
      Result<void> completed = Complete(step, std::move(done));
      if (!completed && result.ok()) result = std::move(completed);
    }
    return result;
  }

  // Begins all steps that wait for nothing, as long as there is a place for their commands.
  Result<void> StartReady(std::vector<std::thread>& threads, std::size_t& running) {
    for (bool again = true; again;) {
      again = false;
      for (std::size_t i = 0; i < steps_.size() && running < options_.jobs; ++i) {
        Step& step = steps_[i];
        if (step.started || step.skipped || step.waits > 0) continue;
        step_entered_ = false;
        Result<StageRun::Next> next = Begin(step, true);
        if (next && *next == StageRun::Next::kCommand) {
          CommandSpec spec = step.run->Command();
          for (const std::string& line : spec.lines) step.run->Tell(Level::kInfo, "> " + line);
          threads[i] = std::thread([this, &step, spec = std::move(spec), i] {
            step.command_done = RunCommand(spec, step.command);
            const std::lock_guard lock(mutex_);
            ended_.push_back(i);
            ended_changed_.notify_one();
          });
          ++running;
          continue;
        }
        if (step_entered_) Leave(step);
        SayGap();
        TRYV(Complete(step, next ? Result<void>() : Result<void>(std::move(next).error())));
        again = true;
      }
    }
    return {};
  }

  std::size_t WaitForOne() {
    if (options_.locks != nullptr) options_.locks->Release();
    std::size_t index = 0;
    {
      std::unique_lock lock(mutex_);
      ended_changed_.wait(lock, [this] { return !ended_.empty(); });
      index = ended_.front();
      ended_.pop_front();
    }
    // A lock that cannot be had again is told by the next step that needs it.
    if (options_.locks != nullptr) {
      Result<void> retaken = options_.locks->Retake();
      if (!retaken && steps_[index].command_done.ok()) steps_[index].command_done = std::move(retaken);
    }
    return index;
  }

  Index& index_;
  const ReproduceOptions& options_;
  ReproduceResult result_;
  StageRun* current_ = nullptr;  // whose texts are told
  LockFiles locks_;
  RunContext context_;
  std::vector<Step> steps_;
  std::vector<std::size_t> step_of_;  // of a node of the graph
  std::vector<std::string> failed_;
  bool last_reproduced_ = false;
  bool step_entered_ = false;
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  std::deque<std::size_t> ended_;
};

}  // namespace

std::string_view OutcomeName(StageOutcome::Kind kind) {
  switch (kind) {
    case StageOutcome::Kind::kRan: return "ran";
    case StageOutcome::Kind::kSkipped: return "skipped";
    case StageOutcome::Kind::kCached: return "cached";
    case StageOutcome::Kind::kFailed: return "failed";
  }
  return {};
}

Result<ReproduceResult> Reproduce(Index& index, Source& source, Objects& objects, const ReproduceOptions& options) {
  return Runner(index, source, objects, options).Go();
}

}  // namespace mlean::pipeline

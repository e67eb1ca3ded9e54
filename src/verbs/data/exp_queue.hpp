// What `exp run --queue`, `exp run --run-all` and the queue verbs share.
#pragma once

#include "flows/data/exp_queue.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// What `exp run` was asked for.
flows::ExpRunRequest ReadExpRun(const Arguments& arguments, const Context& context);
// The options of `exp run` that its request depends on, and back: a task keeps them for the process that runs it.
codec::Json KeepArguments(const Arguments& arguments);
Arguments KeptArguments(const codec::Json& kept);

// Puts the experiment, or one for each combination of a sweep, into the queue.
Result<int> QueueExperiments(const Arguments& arguments, const Context& context, flows::Repository& repository,
                             flows::ExpRunRequest request);
// A worker in this process, which prints what its tasks print.
Result<int> RunAllQueued(const Context& context);
// Works on the queue until it is empty; each task is a process of its own, `mlean queue task N`. `follow`: print what they print.
Result<void> WorkOnQueue(flows::Repository& repository, bool follow, const std::atomic<bool>* cancel);

// What people call a task: its name.
std::vector<std::string> NamesOf(const std::vector<flows::QueuedTask>& tasks);
// kInvalid "'x' is not a valid <what>" for names without a task.
Result<std::vector<flows::QueuedTask>> RequireTasks(const std::vector<flows::QueuedTask>& tasks,
                                                    const std::vector<std::string>& names, std::string_view what);

}  // namespace mlean::verbs

// Repro: what `dvc repro` does: brings the stages of a repository up to date (pipeline/reproduce.hpp), under DVC's locks and with
// the repository's cache and run cache.
#pragma once

#include <string>

#include "flows/data/repository.hpp"
#include "pipeline/reproduce.hpp"

namespace mlean::flows {

struct ReproReport {
  pipeline::ReproduceResult stages;
  std::string git_hint;  // what to tell about files for git; "" nothing
};

// `options` says which stages and how; its run cache, logs, locks, cancel flag and `say` are set here. `command`: the command
// line, for processes that wait. Errors: "failed to reproduce 'x': …", after which the .gitignore lines that the run has added
// are gone again, as in DVC; kCancelled when the repository's flag turned true. dvc.lock holds what was done in any case.
Result<ReproReport> Repro(Repository& repository, pipeline::ReproduceOptions options, const std::string& command);

}  // namespace mlean::flows

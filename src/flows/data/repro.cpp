#include "flows/data/repro.hpp"

#include <utility>

#include "flows/data/data_objects.hpp"
#include "flows/data/stage_locks.hpp"

namespace mlean::flows {

Result<ReproReport> Repro(Repository& repository, pipeline::ReproduceOptions options, const std::string& command) {
  DataObjects objects(repository);
  RepositoryStageLocks locks(repository, command);
  options.run_cache = repository.store().options().cache_dir / "runs";
  // With one job the output of commands goes straight to the terminal, as DVC's does.
  if (options.jobs > 1 || options.capture) options.log_dir = repository.project().DvcStateDir() / "logs";
  options.cancel = repository.cancel();
  options.locks = &locks;
  options.say = repository.say();
  ReproReport report;
  Result<pipeline::ReproduceResult> done = pipeline::Reproduce(repository.index(), repository.files(), objects, options);
  if (!done) {
    if (done.error().code != Code::kCancelled) repository.scm().Undo();
    return std::move(done).error();
  }
  report.stages = *std::move(done);
  for (const std::string& location : report.stages.changed_files) {
    repository.scm().Track(repository.place().Disk(location));
  }
  TRY(report.git_hint, repository.scm().Finish(repository.directory()));
  return report;
}

}  // namespace mlean::flows

// mlean queue worker: runs the experiments of the queue until none is left; started by `queue start`.
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> QueueWorker(const Arguments&, Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory, {.lock = false, .quiet = true, .say = SayFor(context)}));
  TRYV(WorkOnQueue(*repository, false, interrupt->flag()));
  return 0;
}

}  // namespace

VerbSpec QueueWorkerVerb() {
  VerbSpec spec;
  spec.words = {"queue", "worker"};
  spec.summary = "run the experiments of the queue until none is left, in the foreground";
  spec.examples = {"mlean queue worker"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueWorker;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

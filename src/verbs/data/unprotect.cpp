// mlean unprotect: makes links to the cache files that may be changed.
#include <fmt/core.h>

#include "cas/checkout.hpp"
#include "flows/data/repository.hpp"
#include "os/files.hpp"
#include "repo/dvc_error.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/say.hpp"
#include "verbs/data/work_bar.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Unprotect(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  WorkBar bar("unprotecting", context.quiet);
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(
          context.directory,
          {.lock = false, .quiet = context.quiet, .say = SayFor(context), .cancel = interrupt->flag(), .progress = &bar}));
  for (const std::string& target : arguments.List("TARGET")) {
    const std::filesystem::path path = context.directory / target;
    if (!os::Exists(path)) return repo::UnexpectedFailure(fmt::format("can't unprotect non-existing data '{}'", target));
    TRYV(cas::Unprotect(repository->store(), path, repository->work()));
  }
  return 0;
}

}  // namespace

VerbSpec UnprotectVerb() {
  VerbSpec spec;
  spec.words = {"unprotect"};
  spec.summary = "make linked data files that may be changed";
  spec.description = "Replaces hard links and symbolic links to the cache by copies, so that a change does not damage the cache.";
  OptionSpec target = Rest("TARGET", "tracked files and folders");
  target.required = true;
  spec.options = {std::move(target)};
  spec.examples = {"mlean unprotect data/raw.csv"};
  spec.exit_codes = "0 done · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = Unprotect;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

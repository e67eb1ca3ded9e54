// mlean install: git hooks and the merge driver of .dvc files.
#include <memory>

#include "flows/data/install_hooks.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Install(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory, {.lock = false, .quiet = context.quiet, .say = SayFor(context)}));
  const Result<void> done = flows::InstallHooks(*repository, arguments.Has("use-pre-commit-tool"));
  return done ? 0 : Caught(context, done.error(), "failed to install DVC Git hooks - ");
}

}  // namespace

VerbSpec InstallVerb() {
  VerbSpec spec;
  spec.words = {"install"};
  spec.summary = "install git hooks: status before a commit, push before a push, checkout after a checkout";
  spec.options = {Flag("--use-pre-commit-tool", "by an entry in .pre-commit-config.yaml")};
  spec.examples = {"mlean install"};
  spec.exit_codes = "0 done · 1 a hook of that name is there already · 253 not in a project · 254 usage";
  spec.run = Install;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

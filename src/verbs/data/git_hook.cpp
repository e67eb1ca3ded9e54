// mlean git-hook: what the hooks that `install` writes run. Outside of a project they do nothing.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "flows/data/merge_driver.hpp"
#include "os/files.hpp"
#include "repo/project.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// Another verb with no words behind it.
Result<int> Run(const VerbSpec& verb, Context& context) { return verb.run(Arguments(), context); }

bool InProject(const Context& context) { return repo::FindDvcRoot(context.directory).ok(); }

Result<int> PreCommit(const Arguments&, Context& context) { return InProject(context) ? Run(StatusVerb(), context) : 0; }

Result<int> PrePush(const Arguments&, Context& context) { return InProject(context) ? Run(PushVerb(), context) : 0; }

// Only when a branch was checked out (git's third argument), and not in the middle of a rebase.
Result<int> PostCheckout(const Arguments& arguments, Context& context) {
  if (!InProject(context)) return 0;
  const std::vector<std::string> words = arguments.List("ARGUMENT");
  std::string flag = words.size() >= 3 ? words[2] : "";
  if (const char* tool = std::getenv("PRE_COMMIT_CHECKOUT_TYPE")) flag = tool;
  if (flag != "1" || os::IsDir(context.directory / ".git" / "rebase-merge")) return 0;
  return Run(CheckoutVerb(), context);
}

Result<int> MergeDriver(const Arguments& arguments, Context& context) {
  if (!InProject(context)) return 0;
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory, {.quiet = context.quiet, .say = SayFor(context)}));
  const auto path = [&](const char* name) { return (context.directory / arguments.Text(name)).lexically_normal(); };
  TRYV(flows::MergeDvcFiles(*repository, {.ancestor = path("ancestor"), .our = path("our"), .their = path("their")}));
  return 0;
}

VerbSpec Spec(const char* word, const char* summary, Result<int> (*run)(const Arguments&, Context&)) {
  VerbSpec spec;
  spec.words = {"git-hook", word};
  spec.summary = summary;
  spec.options = {Rest("ARGUMENT", "what git gives")};
  spec.examples = {std::string("mlean git-hook ") + word};
  spec.exit_codes = "those of the command that is run";
  spec.run = run;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec GitHookPreCommitVerb() { return Spec("pre-commit", "what git runs before a commit: status", PreCommit); }
VerbSpec GitHookPrePushVerb() { return Spec("pre-push", "what git runs before a push: push", PrePush); }
VerbSpec GitHookPostCheckoutVerb() { return Spec("post-checkout", "what git runs after a checkout: checkout", PostCheckout); }
VerbSpec GitHookMergeDriverVerb() {
  VerbSpec spec = Spec("merge-driver", "what git runs to merge .dvc files of folders", MergeDriver);
  spec.options.front() = Required(ValueOption("--ancestor", "FILE", "the version that both come from"));
  spec.options.push_back(Required(ValueOption("--our", "FILE", "our version, which gets the result")));
  spec.options.push_back(Required(ValueOption("--their", "FILE", "their version")));
  spec.examples = {"mlean git-hook merge-driver --ancestor %O --our %A --their %B"};
  spec.exit_codes = "0 merged · 255 not to be merged without a decision";
  return spec;
}

}  // namespace mlean::verbs

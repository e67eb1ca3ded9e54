// mlean exp remove: forgets experiments.
#include <fmt/core.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> RemoveQueued(const Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRY(const flows::ExpGit git, flows::GitOf(*repository));
  const flows::ExpQueue queue(*repository);
  std::vector<flows::QueuedTask> tasks = queue.Tasks();
  std::erase_if(tasks, [](const flows::QueuedTask& task) { return task.state != flows::TaskState::kQueued; });
  TRYV(queue.Remove(git, tasks));
  Inform(context, tasks.empty() ? "No experiments to remove." : "Removed experiments: " + flows::QuotedNames(NamesOf(tasks)));
  return 0;
}

Result<int> ExpRemove(const Arguments& arguments, Context& context) {
  TRY(const flows::ExpSelection selection, ReadSelection(arguments));
  const bool by_flag = selection.all_commits || !selection.revisions.empty() || arguments.Has("queue");
  if (by_flag == !selection.names.empty()) {
    return Fail(Code::kInvalid,
                "Either provide an `experiment` argument, or use the `--rev` or `--all-commits` or `--queue` flag.");
  }
  if (arguments.Has("queue")) {
    if (arguments.Has("keep")) return Fail(Code::kInvalid, "Cannot use both `--keep` and `--queue`.");
    return RemoveQueued(context);
  }
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRY(const flows::ExpGit git, flows::GitOf(*repository));
  TRY(const std::vector<std::string> removed,
      flows::RemoveExperiments(git, arguments.Text("git-remote"), selection, arguments.Has("keep")));
  Inform(context, removed.empty() ? "No experiments to remove." : "Removed experiments: " + flows::QuotedNames(removed));
  return 0;
}

VerbSpec Spec(const char* word) {
  VerbSpec spec;
  spec.words = {"exp", word};
  spec.summary = "remove experiments";
  spec.options = {Rest("EXPERIMENT", "names")};
  for (OptionSpec& option : SelectionOptions("remove")) spec.options.push_back(std::move(option));
  spec.options.push_back(Flag("--keep", "remove all but the selected ones"));
  spec.options.push_back(Flag("--queue", "those that wait in the queue"));
  spec.options.push_back(ValueOption("-g,--git-remote", "NAME", "of a git remote, by name or URL"));
  spec.examples = {"mlean exp remove brisk-otter", "mlean exp remove -A", "mlean exp remove -g origin brisk-otter"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpRemove;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec ExpRemoveVerb() { return Spec("remove"); }
VerbSpec ExpRmVerb() { return Spec("rm"); }

}  // namespace mlean::verbs

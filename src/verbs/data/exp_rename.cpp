// mlean exp rename: gives an experiment another name.
#include <fmt/core.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ExpRename(const Arguments& arguments, Context& context) {
  const std::string name = arguments.Text("EXPERIMENT"), new_name = arguments.Text("NAME");
  if (name.empty() || new_name.empty()) {
    return Fail(Code::kInvalid, "An experiment to rename and a new experiment name are required.");
  }
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRY(const flows::ExpGit git, flows::GitOf(*repository));
  TRY(const bool renamed, flows::RenameExperiment(git, arguments.Text("git-remote"), name, new_name, arguments.Has("force")));
  Inform(context, renamed ? "Renamed experiments: " + flows::QuotedNames({name}) : "No experiments to rename.");
  return 0;
}

}  // namespace

VerbSpec ExpRenameVerb() {
  VerbSpec spec;
  spec.words = {"exp", "rename"};
  spec.summary = "rename an experiment";
  spec.options = {Positional("EXPERIMENT", "its name"), Positional("NAME", "its new name", false),
                  ValueOption("-g,--git-remote", "NAME", "on a git remote, by name or URL"),
                  Flag("-f,--force", "replace an experiment of that name")};
  spec.examples = {"mlean exp rename brisk-otter tuned"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpRename;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

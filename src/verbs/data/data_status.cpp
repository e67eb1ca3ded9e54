// mlean data status: what differs between HEAD, the dvc files and the workspace.
#include "flows/data/data_status.hpp"

#include <fmt/core.h>

#include <memory>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> DataStatus(const Arguments& arguments, Context& context) {
  std::string untracked = arguments.Text("untracked-files");
  if (untracked.empty()) untracked = arguments.Has("untracked-files") ? "all" : "no";
  if (untracked != "all" && untracked != "no") {
    return Fail(Code::kUsage,
                fmt::format("argument --untracked-files: invalid choice: '{}' (choose from 'no', 'all')", untracked));
  }
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory, {.lock = false, .quiet = context.quiet, .say = SayFor(context)}));
  TRY(const metrics::DataStatus status, flows::ReadDataStatus(*repository, {.targets = arguments.List("TARGET"),
                                                                            .granular = arguments.Has("granular"),
                                                                            .unchanged = arguments.Has("unchanged"),
                                                                            .untracked = untracked == "all",
                                                                            .git_state = !context.json && !context.quiet,
                                                                            .not_in_remote = arguments.Has("not-in-remote"),
                                                                            .remote = arguments.Text("remote")}));
  TRYV(repository->Finish());
  if (context.json) {
    metrics::WriteDataStatusJson(status, Print);
    Print("\n");
  } else if (!context.quiet) {
    metrics::WriteDataStatusText(status, Print);
  }
  return 0;
}

}  // namespace

VerbSpec DataStatusVerb() {
  VerbSpec spec;
  spec.words = {"data", "status"};
  spec.summary = "show what of the data differs between HEAD, the dvc files and the workspace";
  spec.options = {Rest("TARGET", "tracked files and folders; none: all"),
                  Flag("--granular", "tell the files in folders, too"),
                  Flag("--unchanged", "tell what is unchanged, too"),
                  OptionalValue("--untracked-files", "no|all", "tell files that neither tool tracks; alone: all"),
                  Flag("--not-in-remote", "tell what the remote does not have"),
                  ValueOption("-r,--remote", "NAME", "the remote for --not-in-remote", "the default one"),
                  Flag("--no-remote-refresh", "accepted for DVC's sake: the remote itself is always asked")};
  spec.examples = {"mlean data status", "mlean data status --granular --unchanged --json"};
  spec.exit_codes = "0 done · 251 unsound configuration · 253 not in a project · 254 usage · 255 failed";
  spec.run = DataStatus;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

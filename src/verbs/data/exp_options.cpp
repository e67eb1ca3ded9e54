#include "verbs/data/exp_options.hpp"

#include "base/text.hpp"
#include "repo/project.hpp"
#include "verbs/data/say.hpp"
#include "verbs/data/transfer_verb.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> SelectionOptions(const std::string& what) {
  return {Flag("-A,--all-commits", what + " all experiments of the repository"),
          Repeated("--rev", "COMMIT", what + " experiments that began at this commit (HEAD)"),
          ValueOption("-n,--num", "N", what + " those of the last N commits, too; negative: of all", "1")};
}

Result<flows::ExpSelection> ReadSelection(const Arguments& arguments) {
  flows::ExpSelection selection;
  selection.names = arguments.List("EXPERIMENT");
  selection.all_commits = arguments.Has("all-commits");
  selection.revisions = arguments.List("rev");
  TRY(selection.number, arguments.Int("num", 1));
  return selection;
}

Result<std::unique_ptr<flows::Repository>> OpenAtRoot(const Context& context) {
  TRY(const std::filesystem::path root, repo::FindDvcRoot(context.directory));
  return flows::Repository::Open(root, {.lock = false, .quiet = context.quiet, .say = SayFor(context)});
}

std::vector<OptionSpec> ExpTransferOptions(const std::string& verb) {
  std::vector<OptionSpec> options = {Positional("GIT_REMOTE", "name or URL of a git repository"),
                                     Rest("EXPERIMENT", "names; none: those that began at HEAD")};
  for (OptionSpec& option : SelectionOptions(verb)) options.push_back(std::move(option));
  options.push_back(Flag("-f,--force", "replace an experiment of the same name"));
  options.push_back(Flag("--no-cache", "not the data"));
  options.push_back(ValueOption("-r,--remote", "NAME", "the DVC remote of the data", "the default one"));
  options.push_back(ValueOption("-j,--jobs", "N", "transfers at a time", "4 for each core"));
  options.push_back(Flag("--run-cache", "also the run cache"));
  options.push_back(Flag("--no-run-cache", "not the run cache (as without)"));
  return options;
}

Result<flows::ExpTransferRequest> ReadExpTransfer(const Arguments& arguments, const Context& context, Session& session) {
  flows::ExpTransferRequest request;
  request.git_remote = arguments.Text("GIT_REMOTE");
  TRY(request.selection, ReadSelection(arguments));
  request.force = arguments.Has("force");
  request.data = !arguments.Has("no-cache");
  TRY(request.move, ReadTransfer(arguments, context, session));
  return request;
}

std::string Listed(const std::vector<std::string>& names) {
  if (names.size() < 2) return Join(names, "");
  return Join({names.begin(), names.end() - 1}, ", ") + " and " + names.back();
}

}  // namespace mlean::verbs

// mlean exp list: the experiments of this repository or of a git remote.
#include <fmt/core.h>

#include "base/text.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr std::size_t kShortId = 7;

std::string Line(const flows::Experiment& one, const Arguments& arguments) {
  if (arguments.Has("name-only")) return one.ref.name;
  if (arguments.Has("sha-only")) return one.commit;
  if (!arguments.Text("GIT_REMOTE").empty()) return "\t" + one.ref.name;
  return fmt::format("\t{} [{}]", one.commit.substr(0, kShortId), one.ref.name);
}

Result<int> ExpList(const Arguments& arguments, Context& context) {
  const std::string remote = arguments.Text("GIT_REMOTE");
  const bool bare = arguments.Has("name-only") || arguments.Has("sha-only");
  if (arguments.Has("sha-only") && !remote.empty()) return Fail(Code::kInvalid, "--sha-only not supported with git_remote.");
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRY(const flows::ExpGit git, flows::GitOf(*repository));
  TRY(const flows::ExpSelection selection, ReadSelection(arguments));
  TRY(const std::vector<flows::Experiment> found, flows::SelectExperiments(git, remote, selection));
  if (context.json) {
    codec::Json list = codec::Json::Array{};
    for (const flows::Experiment& one : found) {
      list.Push(codec::Json::Object{{"name", one.ref.name}, {"rev", one.commit}, {"baseline", one.ref.baseline}});
    }
    PrintJson(list);
    return 0;
  }
  TRY(const flows::CommitNames names, flows::CommitNames::Read(git));
  std::string baseline;
  for (const flows::Experiment& one : found) {
    if (!bare && one.ref.baseline != baseline) {
      const std::string name = names.Of(one.ref.baseline);
      Inform(context, (name.empty() ? one.ref.baseline.substr(0, kShortId) : name) + ":");
    }
    baseline = one.ref.baseline;
    Inform(context, Line(one, arguments));
  }
  return 0;
}

VerbSpec Spec(const char* word) {
  VerbSpec spec;
  spec.words = {"exp", word};
  spec.summary = "list experiments";
  spec.options = SelectionOptions("list");
  spec.options.push_back(Positional("GIT_REMOTE", "name or URL of a git repository; none: this one", false));
  spec.options.push_back(Flag("--name-only,--names-only", "only names"));
  spec.options.push_back(Flag("--sha-only,--shas-only", "only commits"));
  spec.examples = {"mlean exp list -A", "mlean exp list origin --name-only"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpList;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec ExpListVerb() { return Spec("list"); }
VerbSpec ExpLsVerb() { return Spec("ls"); }

}  // namespace mlean::verbs

// mlean exp show: metrics and params of experiments.
#include "flows/data/exp_show.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "flows/data/exp_table.hpp"
#include "pipeline/file_error.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<flows::ExpShowRequest> ReadRequest(const Arguments& arguments) {
  flows::ExpShowRequest request;
  request.baselines.revisions = arguments.List("rev");
  TRY(request.baselines.number, arguments.Int("num", 1));
  request.baselines.all_branches = arguments.Has("all-branches");
  request.baselines.all_tags = arguments.Has("all-tags");
  request.baselines.all_commits = arguments.Has("all-commits");
  request.hide_workspace = arguments.Has("hide-workspace");
  request.sha_only = arguments.Has("sha");
  request.param_deps = arguments.Has("param-deps");
  request.hide_queued = arguments.Has("hide-queued");
  request.hide_failed = arguments.Has("hide-failed");
  return request;
}

Result<flows::ExpTableOptions> ReadTable(const Arguments& arguments, const Context& context) {
  using flows::ExpTableStyle;
  flows::ExpTableOptions options;
  options.style = arguments.Has("csv")  ? ExpTableStyle::kCsv
                  : arguments.Has("md") ? ExpTableStyle::kMarkdown
                                        : ExpTableStyle::kText;
  TRY(const std::int64_t precision, arguments.Int("precision", 0));
  constexpr std::int64_t kMaxPrecision = 100;
  if (precision > 0) options.precision = static_cast<int>(std::min(precision, kMaxPrecision));
  options.only_changed = arguments.Has("only-changed");
  options.keep = arguments.List("keep");
  options.drop = arguments.List("drop");
  options.sort_by = arguments.Text("sort-by");
  const std::string order = arguments.Text("sort-order", "asc");
  if (order != "asc" && order != "desc")
    return Fail(Code::kUsage, fmt::format("cannot use --sort-order '{}': expected asc or desc", order));
  options.descending = order == "desc";
  options.now = context.clock->Now() / kSecondMs;
  return options;
}

Result<int> ExpShow(const Arguments& arguments, Context& context) {
  TRY(const flows::ExpTableOptions options, ReadTable(arguments, context));
  TRY(const flows::ExpShowRequest request, ReadRequest(arguments));
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  Result<std::vector<flows::ExpState>> states = flows::ShowExperiments(*repository, request);
  if (!states) {
    if (IsUncaught(states.error()) || pipeline::PrintsBare(states.error())) return states.error();
    return Caught(context, fmt::format("failed to show experiments - {}", states.error().what));
  }
  if (context.json) {
    PrintLine(flows::ExperimentsJson(*states).DumpPython());
    return 0;
  }
  TRY(const std::string text, flows::ExperimentsTable(*std::move(states), options));
  if (!context.quiet || options.style == flows::ExpTableStyle::kMarkdown) Print(text);  // as DVC
  return 0;
}

}  // namespace

VerbSpec ExpShowVerb() {
  VerbSpec spec;
  spec.words = {"exp", "show"};
  spec.summary = "show metrics and params of experiments";
  spec.options = SelectionOptions("show");
  const std::vector<OptionSpec> own = {
      Flag("-a,--all-branches", "those of the tips of all branches"),
      Flag("-T,--all-tags", "those of all tags"),
      Flag("--csv", "as CSV"),
      Flag("--md", "as a Markdown table"),
      Flag("--only-changed", "without columns that are the same in all rows"),
      Repeated("--drop", "PATTERN", "without the columns that a regular expression matches"),
      Repeated("--keep", "PATTERN", "keep the columns that a regular expression matches"),
      Flag("--param-deps", "only parameters that stages depend on"),
      ValueOption("--sort-by", "NAME", "sort by a metric or parameter", "the newest first"),
      ValueOption("--sort-order", "asc|desc", "of --sort-by", "asc"),
      Flag("--sha", "commits, not the names of branches and tags"),
      Flag("--hide-workspace", "without the work tree"),
      Flag("--hide-failed", "without those of the queue that have failed"),
      Flag("--hide-queued", "without those that wait in the queue"),
      ValueOption("--precision", "N", "significant digits, with --csv", "all"),
      Flag("--no-pager", "accepted for DVC's sake: there is none"),
      Flag("--no-fetch", "accepted for DVC's sake"),
      Flag("-f,--force", "accepted for DVC's sake: nothing is remembered"),
  };
  spec.options.insert(spec.options.end(), own.begin(), own.end());
  spec.examples = {"mlean exp show", "mlean exp show --sort-by auc --sort-order desc", "mlean exp show -n 5 --csv"};
  spec.exit_codes = "0 done · 1 failed · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpShow;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

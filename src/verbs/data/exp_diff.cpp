// mlean exp diff: how metrics and params of two experiments differ.
#include "flows/data/exp_diff.hpp"

#include <fmt/core.h>

#include "pipeline/file_error.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr std::int64_t kDigits = 5;

Result<int> ExpDiff(const Arguments& arguments, Context& context) {
  TRY(std::int64_t precision, arguments.Int("precision", kDigits));
  if (precision <= 0 || precision > 100) precision = kDigits;
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  const flows::ExpDiffRequest request{.old_revision = arguments.Text("OLD"),
                                      .new_revision = arguments.Text("NEW"),
                                      .all = arguments.Has("all"),
                                      .param_deps = arguments.Has("param-deps")};
  const Result<flows::ExpDiff> diff = flows::DiffExperiments(*repository, request);
  if (!diff) {
    if (IsUncaught(diff.error()) || pipeline::PrintsBare(diff.error())) return diff.error();
    return Caught(context, fmt::format("failed to show experiments diff - {}", diff.error().what));
  }
  if (context.json) {
    codec::Json::Object both;
    if (diff->any) both = {{"metrics", metrics::DiffJson(diff->metrics)}, {"params", metrics::DiffJson(diff->params)}};
    PrintLine(codec::Json(std::move(both)).DumpPython());
    return 0;
  }
  if (!diff->any) return 0;
  flows::ExpDiffText text;
  text.markdown = arguments.Has("md");
  text.no_path = arguments.Has("no-path");
  if (!request.old_revision.empty()) text.old_name = request.old_revision;
  if (!request.new_revision.empty()) text.new_name = request.new_revision;
  text.title = "Metric";
  text.precision = static_cast<int>(precision);
  Print(flows::ExpDiffTable(diff->metrics, text) + "\n");
  text.title = "Param";
  text.precision.reset();
  Print(flows::ExpDiffTable(diff->params, text));
  return 0;
}

}  // namespace

VerbSpec ExpDiffVerb() {
  VerbSpec spec;
  spec.words = {"exp", "diff"};
  spec.summary = "show how metrics and params of two experiments differ";
  spec.options = {Positional("OLD", "the older experiment or commit; HEAD", false),
                  Positional("NEW", "the newer one; the work tree", false),
                  Flag("--all", "show also what has not changed"),
                  Flag("--param-deps", "only parameters that stages depend on"),
                  Flag("--md", "as Markdown tables"),
                  Flag("--no-path", "without the file's column"),
                  ValueOption("--precision", "N", "significant digits of metrics", "5")};
  spec.examples = {"mlean exp diff", "mlean exp diff brisk-otter wide --md"};
  spec.exit_codes = "0 done · 1 failed · 253 not in a project · 254 usage";
  spec.run = ExpDiff;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

// mlean runs gc.
#include "flows/runs_gc.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr int kInPart = 3;

Result<int> RunsGc(const Arguments& arguments, Context& context) {
  flows::RunsGcOptions options;
  TRY(options.older_than, flows::ParseAge(arguments.Text("older-than", "0s")));
  for (const std::string& ids : arguments.List("run-ids")) {
    for (std::string& id : Split(ids, ',')) options.run_ids.push_back(std::move(id));
  }
  options.experiment_ids = arguments.List("experiment");
  options.dry = arguments.Has("dry");
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const flows::RunsGcReport report, flows::RunsGc(workspace, options));
  // Who names a run wants it gone; otherwise keeping what versions need is how it should be.
  const int status = !options.run_ids.empty() && report.kept_count > 0 ? kInPart : 0;
  if (context.json) {
    PrintJson(flows::RunsGcJson(report, options.dry));
    return status;
  }
  const auto count = [](std::int64_t number) { return HumanCount(static_cast<std::uint64_t>(number)); };
  for (const std::string& line : report.kept) PrintLine("kept " + line);
  if (report.kept_count > static_cast<std::int64_t>(report.kept.size()))
    PrintLine(fmt::format("kept {} more", report.kept_count - static_cast<std::int64_t>(report.kept.size())));
  PrintLine(fmt::format("{}: {} runs, {} logged models, {} experiments; {} files, {}",
                        options.dry ? "would be deleted for good" : "deleted for good", count(report.run_count),
                        count(report.logged_model_count), count(report.experiment_count), count(report.blobs),
                        HumanBytes(static_cast<std::uint64_t>(report.bytes))));
  if (report.foreign_files > 0)
    PrintLine(fmt::format("files of {} of them lie outside of this store and are left there", count(report.foreign_files)));
  return status;
}

}  // namespace

VerbSpec RunsGcVerb() {
  return {
      .words = {"runs", "gc"},
      .summary = "delete for good the runs, logged models and experiments that are deleted",
      .description =
          "Their metrics, params, tags and files go with them; a file stays while something else names it. What a version of a "
          "model refers to stays. The server may run meanwhile. In cron: a retention of deleted runs.",
      .options = {ValueOption("--older-than", "AGE", "only what was deleted so long ago: 30d, 12h, 1d12h", "0s"),
                  Repeated("--run-ids", "RUN[,RUN]", "only these runs, whenever they were deleted"),
                  Repeated("--experiment", "ID", "only what is in this experiment"),
                  Flag("--dry", "say what would go, and how large it is")},
      .examples = {"mlean runs gc --older-than 30d --dry", "mlean runs gc --older-than 30d",
                   "mlean runs gc --run-ids 0123456789abcdef0123456789abcdef"},
      .exit_codes = "0 done · 1 failed, or a named run is active · 2 usage · 3 a named run is kept for a version · 4 no such run",
      .run = RunsGc};
}

}  // namespace mlean::verbs

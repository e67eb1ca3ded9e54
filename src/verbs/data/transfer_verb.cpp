#include "verbs/data/transfer_verb.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "flows/data/add.hpp"
#include "flows/data/checkout.hpp"
#include "flows/data/open_remote.hpp"
#include "pipeline/file_error.hpp"
#include "verbs/data/dvc_command.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> TransferOptions(const std::string& verb) {
  return {Rest("TARGET", "stages, .dvc files, outputs or paths inside of them; none: all"),
          ValueOption("-r,--remote", "NAME", "the remote to " + verb + (verb == "push" ? " to" : " from"), "the default one"),
          ValueOption("-j,--jobs", "N", "transfers at a time", "4 for each core"),
          Flag("-a,--all-branches", "also what the tips of all branches use"),
          Flag("-T,--all-tags", "also what all tags use"),
          Flag("-A,--all-commits", "also what all commits use"),
          Flag("-d,--with-deps", "also what the targets need"),
          Flag("-R,--recursive", "a folder means all stages in it"),
          Flag("--run-cache", "also the run cache"),
          Flag("--no-run-cache", "not the run cache (as without)"),
          Flag("--strict", "fail when data is neither here nor on the remote")};
}

Result<flows::MoveOptions> ReadTransfer(const Arguments& arguments, const Context& context, Session& session) {
  flows::MoveOptions options;
  TRY(options.jobs, JobsOf(arguments));
  options.run_cache = arguments.Has("run-cache") && !arguments.Has("no-run-cache");
  options.on_progress = SinkOf(session.bar());
  flows::ObjectQuery& query = options.query;
  query.targets = arguments.List("TARGET");
  query.with_deps = arguments.Has("with-deps");
  query.recursive = arguments.Has("recursive");
  query.remote = arguments.Text("remote");
  query.revisions.all_branches = arguments.Has("all-branches");
  query.revisions.all_tags = arguments.Has("all-tags");
  query.revisions.all_commits = arguments.Has("all-commits");
  if (arguments.Has("glob")) {
    TRY(query.targets, flows::ExpandGlobs(context.directory, query.targets));
  }
  return options;
}

flows::ProgressSink SinkOf(WorkBar& bar) {
  return [&bar, last = remotes::TransferProgress()](const remotes::TransferProgress& now) mutable {
    if (now.phase != remotes::TransferProgress::Phase::kTransferring) {
      last = {};
      return;
    }
    bar.Expect(now.object_total - last.object_total, now.byte_total - last.byte_total);
    bar.Done(now.objects - last.objects, now.bytes - last.bytes);
    last = now;
  };
}

Result<int> CaughtTransfer(std::string_view verb, const Context& context, const Error& error, Session& session) {
  session.bar().Clear();
  return Caught(context, error, fmt::format("failed to {} data {} the cloud - ", verb, verb == "push" ? "to" : "from"));
}

int TellFailed(std::string_view verb, const Context& context, const flows::MoveSummary& summary, Session& session) {
  session.bar().Clear();
  for (const std::string& error : summary.errors) Caught(context, error);
  if (summary.failed == 0) return 0;
  const bool up = verb == "push";
  return Caught(context, fmt::format("failed to {} data {} the cloud - {} files failed to {}", verb, up ? "to" : "from",
                                     summary.failed, up ? "upload" : "download"));
}

void TellSummary(const Arguments& arguments, const Context& context, Session& session,
                 const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
  session.bar().Clear();
  if (context.quiet) return;
  if (flows::RemoteNameOf(session.repository(), arguments.Text("remote")).empty()) {
    fmt::print(stderr, "No remote provided and no default remote set.\n");
  }
  const std::string text = flows::SummaryText(counts);
  PrintLine(text.empty() ? "Everything is up to date." : text);
}

int CheckStrict(const Arguments& arguments, const Context& context, const flows::MoveSummary& summary) {
  const std::uint64_t missing = summary.missing.size() + summary.missing_imports;
  if (!arguments.Has("strict") || missing == 0) return 0;
  return Caught(context, fmt::format("{} files are missing, here and on the remote", missing));
}

}  // namespace mlean::verbs

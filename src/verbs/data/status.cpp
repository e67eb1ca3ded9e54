// mlean status: which stages have changed since they were recorded.
#include "flows/data/status.hpp"

#include <fmt/core.h>

#include "flows/data/cloud_status.hpp"
#include "flows/data/open_remote.hpp"
#include "metrics/report_status.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// DVC catches all but what it breaks on.
Result<int> Told(const Context& context, const Error& error) {
  if (error.code == Code::kUnsupported) return error;
  return Caught(context, error);
}

// Cache against remote, -c.
Result<int> CloudStatus(const Arguments& arguments, Context& context, Session& session) {
  flows::Repository& repository = session.repository();
  flows::ObjectQuery query;
  query.targets = arguments.List("TARGET");
  query.with_deps = arguments.Has("with-deps");
  query.recursive = arguments.Has("recursive");
  query.remote = arguments.Text("remote");
  query.revisions.all_branches = arguments.Has("all-branches");
  query.revisions.all_tags = arguments.Has("all-tags");
  query.revisions.all_commits = arguments.Has("all-commits");
  TRY(const int jobs, JobsOf(arguments));
  const Result<metrics::CloudStates> states = flows::DataCloudStatus(repository, query, jobs);
  if (!states) return Told(context, states.error());
  session.bar().Clear();
  TRYV(repository.Finish());
  if (context.json) {
    metrics::WriteCloudStatusJson(*states, Print);
    Print("\n");
    return 0;
  }
  if (context.quiet) return states->empty() ? 0 : 1;
  if (!states->empty()) {
    metrics::WriteCloudStatusText(*states, Print);
    return 0;
  }
  TRY(const auto* stages, repository.index().All());
  const std::string name = flows::RemoteNameOf(repository, query.remote);
  Print(stages->empty() ? metrics::EmptyProjectLines() : metrics::InSyncLine(name.empty() ? "None" : name));
  return 0;
}

// Options that have a meaning with -c only.
std::string Meaningless(const Arguments& arguments) {
  std::string names;
  for (const char* option : {"all-branches", "all-tags", "all-commits", "jobs"}) {
    if (arguments.Has(option)) names += fmt::format("{}--{}", names.empty() ? "" : ", ", option);
  }
  return names;
}

Result<int> StageStatus(const Arguments& arguments, Context& context, Session& session) {
  flows::Repository& repository = session.repository();
  if (const std::string names = Meaningless(arguments); !names.empty()) {
    return Caught(context, fmt::format("The following options are meaningless for local status: {}", names));
  }
  const Result<std::vector<metrics::StageStatus>> status =
      flows::DataStageStatus(repository, {.targets = arguments.List("TARGET"),
                                          .with_deps = arguments.Has("with-deps"),
                                          .recursive = arguments.Has("recursive"),
                                          .check_updates = !arguments.Has("no-updates")});
  if (!status) return Told(context, status.error());
  session.bar().Clear();
  TRYV(repository.Finish());
  if (context.json) {
    PrintLine(metrics::StatusJson(*status).DumpPython());
    return 0;
  }
  if (context.quiet) return status->empty() ? 0 : 1;
  if (!status->empty()) {
    Print(metrics::StatusText(*status));
    return 0;
  }
  TRY(const auto* stages, repository.index().All());
  Print(stages->empty() ? metrics::EmptyProjectLines() : metrics::UpToDateLine());
  return 0;
}

Result<int> Status(const Arguments& arguments, Context& context) {
  Result<std::unique_ptr<Session>> opened = Session::Open(arguments, context, "hashing");
  if (!opened) return NotOpened(context, opened.error());
  const bool cloud = arguments.Has("cloud") || arguments.Has("remote");
  return cloud ? CloudStatus(arguments, context, **opened) : StageStatus(arguments, context, **opened);
}

}  // namespace

VerbSpec StatusVerb() {
  VerbSpec spec;
  spec.words = {"status"};
  spec.summary = "show which stages and tracked data have changed";
  spec.options = {Rest("TARGET", "stages, .dvc files or outputs; none: all"),
                  Flag("-d,--with-deps", "also what the targets need"),
                  Flag("-R,--recursive", "a folder means all stages in it"),
                  Flag("--no-updates", "do not ask the sources of imports"),
                  Flag("-c,--cloud", "compare the cache with a remote"),
                  ValueOption("-r,--remote", "NAME", "the remote to compare with, with -c", "the default one"),
                  ValueOption("-j,--jobs", "N", "with -c: requests at a time", "4 for each core"),
                  Flag("-a,--all-branches", "with -c: also what the tips of all branches use"),
                  Flag("-T,--all-tags", "with -c: also what all tags use"),
                  Flag("-A,--all-commits", "with -c: also what all commits use")};
  spec.examples = {"mlean status", "mlean status data.dvc train", "mlean status -c", "mlean status --json"};
  spec.exit_codes = "0 done · 1 failed, or with -q: something has changed · 253 not in a project · 254 usage · 255 locked";
  spec.run = Status;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

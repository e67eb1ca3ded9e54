// mlean gc: removes unused data from the cache.
#include "flows/data/gc.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "verbs/data/confirm.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<flows::GcRequest> ReadRequest(const Arguments& arguments, const Context& context) {
  flows::GcRequest request;
  request.workspace = arguments.Has("workspace");
  request.cloud = arguments.Has("cloud");
  request.not_in_remote = arguments.Has("not-in-remote");
  request.remote = arguments.Text("remote");
  request.skip_failed = arguments.Has("skip-failed");
  request.dry = arguments.Has("dry");
  request.force = arguments.Has("force") || request.dry;
  repo::RevisionQuery& query = request.revisions;
  query.all_branches = arguments.Has("all-branches");
  query.all_tags = arguments.Has("all-tags");
  query.all_commits = arguments.Has("all-commits");
  query.all_experiments = arguments.Has("all-experiments");
  query.since = arguments.Text("date");
  if (arguments.Has("rev")) query.revisions = {arguments.Text("rev")};
  TRY(const std::int64_t number, arguments.Int("num", 0));
  request.has_number = number != 0;
  if (number != 0) query.number = number;
  TRY(request.jobs, JobsOf(arguments));
  for (const std::string& path : arguments.List("projects")) {
    request.projects.push_back((context.directory / path).lexically_normal());
  }
  request.now = context.clock->Now();
  return request;
}

Result<int> Gc(const Arguments& arguments, Context& context) {
  TRY(flows::GcRequest request, ReadRequest(arguments, context));
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "removing"));
  TRYV(flows::CheckGc(request));
  if (!context.quiet) Warning(flows::GcWarning(request));
  request.confirm = [&](std::string_view question) {
    session->bar().Clear();
    return Confirm(question, session->cancel());
  };
  if (!request.force && !ConfirmAnywhere("Are you sure you want to proceed?", session->cancel())) return 1;
  const Result<flows::GcReport> report = flows::CollectGarbage(session->repository(), request);
  session->bar().Clear();
  TRYV(session->repository().Finish());
  if (!report) return report.error();
  if (request.dry && report->objects > 0) {
    Note(context, fmt::format("{} objects, {}, would be removed", HumanCount(report->objects), HumanBytes(report->bytes)));
  }
  return 0;
}

}  // namespace

VerbSpec GcVerb() {
  VerbSpec spec;
  spec.words = {"gc"};
  spec.summary = "remove data that is not used from the cache, and from a remote";
  spec.description =
      "Keeps what the workspace uses and what the chosen revisions use, and removes all other data. Removed data is gone if no "
      "remote "
      "has it: look with --dry first.";
  spec.options = {Flag("-w,--workspace", "keep what the workspace uses"),
                  ValueOption("--rev", "REV", "keep what this revision uses"),
                  ValueOption("-n,--num", "N", "with --rev and -a: so many commits back", "1"),
                  Flag("-a,--all-branches", "keep what the tips of all branches use"),
                  Flag("-T,--all-tags", "keep what all tags use"),
                  Flag("-A,--all-commits", "keep what all commits use"),
                  ValueOption("--date", "YYYY-MM-DD", "keep what commits at or after this day use"),
                  Flag("--all-experiments", "keep what all experiments use"),
                  Flag("--not-in-remote", "keep only what the remote does not have"),
                  Flag("-c,--cloud", "remove from the remote too"),
                  ValueOption("-r,--remote", "NAME", "the remote", "the default one"),
                  Flag("--skip-failed", "pass over revisions that cannot be read"),
                  Flag("-f,--force", "do not ask"),
                  ValueOption("-j,--jobs", "N", "requests to the remote at a time", "4 for each core"),
                  ListOption("-p,--projects", "PATH", "keep what these projects use too: they share the cache"),
                  Flag("--dry", "only say what would be removed")};
  spec.examples = {"mlean gc -w --dry", "mlean gc -aT -f", "mlean gc -w -c -r store"};
  spec.exit_codes =
      "0 done · 1 not confirmed · 251 no such remote · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = Gc;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

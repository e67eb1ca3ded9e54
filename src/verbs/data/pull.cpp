// mlean pull: brings tracked data from a remote into the cache and the workspace.
#include "flows/data/checkout.hpp"
#include "flows/data/fetch.hpp"
#include "verbs/data/changes.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/transfer_verb.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Pull(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "pulling"));
  const Result<flows::MoveOptions> move = ReadTransfer(arguments, context, *session);
  if (!move) return CaughtTransfer("pull", context, move.error(), *session);
  const Result<flows::MoveSummary> fetched = flows::FetchData(session->repository(), *move);
  if (!fetched) return CaughtTransfer("pull", context, fetched.error(), *session);
  if (const int status = TellFailed("pull", context, *fetched, *session); status != 0) return status;
  const Result<flows::CheckoutReport> report = flows::CheckoutData(session->repository(), {.targets = move->query.targets,
                                                                                           .with_deps = move->query.with_deps,
                                                                                           .recursive = move->query.recursive,
                                                                                           .force = arguments.Has("force")});
  TRYV(session->repository().Finish());
  if (!report) return CaughtTransfer("pull", context, report.error(), *session);
  session->bar().Clear();
  if (!context.quiet) PrintChanges(*report);
  TellSummary(arguments, context, *session,
              {{"fetched", fetched->moved},
               {"modified", report->modified_files},
               {"added", report->added_files},
               {"deleted", report->deleted_files}});
  if (!report->failed.empty() && !arguments.Has("allow-missing")) {
    return CaughtTransfer("pull", context, Fail(Code::kNotFound, flows::CheckoutFailedText(report->failed)), *session);
  }
  return CheckStrict(arguments, context, *fetched);
}

}  // namespace

VerbSpec PullVerb() {
  VerbSpec spec;
  spec.words = {"pull"};
  spec.summary = "bring tracked data from a remote into the cache and the workspace";
  spec.description = "The same as fetch and then checkout.";
  spec.options = TransferOptions("pull");
  spec.options.push_back(Flag("-f,--force", "replace and remove files that are not in the cache"));
  spec.options.push_back(Flag("--glob", "targets are patterns, '**' at any depth"));
  spec.options.push_back(Flag("--allow-missing", "missing data is no failure"));
  spec.examples = {"mlean pull", "mlean pull data/raw.dvc", "mlean pull -r backup --allow-missing"};
  spec.exit_codes = "0 done · 1 failed, or data is missing · 252 interrupted · 253 not in a project · 254 usage · 255 locked";
  spec.run = Pull;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

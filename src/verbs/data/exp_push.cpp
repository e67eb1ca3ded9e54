// mlean exp push: sends experiments to a git remote, and their data to a DVC remote.
#include "flows/data/exp_push.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "flows/data/checkout.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

void TellRefs(const Context& context, const flows::ExpTransferReport& report, const std::string& remote) {
  if (!report.diverged.empty()) {
    fmt::print(stderr,
               "Local experiment {} has diverged from remote experiment with the same name.\n"
               "To override the remote experiment re-run with '--force'.\n",
               Listed(report.diverged));
  }
  if (!report.up_to_date.empty()) {
    Inform(context, fmt::format("Experiment {} {} up to date on Git remote '{}'.", Listed(report.up_to_date),
                                report.up_to_date.size() > 1 ? "are" : "is", remote));
  }
  if (!report.moved.empty())
    Inform(context, fmt::format("Pushed experiment {} to Git remote '{}'.", Listed(report.moved), remote));
  if (report.moved.empty() && report.up_to_date.empty()) Inform(context, "No experiments to push.");
  const std::string summary = flows::SummaryText({{"uploaded", report.data.moved}});
  if (!summary.empty()) Inform(context, summary);
}

Result<int> ExpPush(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "pushing"));
  TRY(const flows::ExpTransferRequest request, ReadExpTransfer(arguments, context, *session));
  const Result<flows::ExpTransferReport> report = flows::PushExperiments(session->repository(), request);
  session->bar().Clear();
  TRYV(session->repository().Finish());
  if (!report) return report.error();
  TellRefs(context, *report, request.git_remote);
  if (report->data_error) return Error{*report->data_error}.With("failed to push cache");
  if (report->data.failed > 0) {
    for (const std::string& error : report->data.errors) Caught(context, error);
    return Fail(Code::kIo, fmt::format("failed to push cache: {} files failed to upload", report->data.failed));
  }
  if (!request.data) {
    Inform(context, "To push cached outputs for this experiment to DVC remote storage,re-run this command without '--no-cache'.");
  }
  return 0;
}

}  // namespace

VerbSpec ExpPushVerb() {
  VerbSpec spec;
  spec.words = {"exp", "push"};
  spec.summary = "send experiments to a git remote";
  spec.options = ExpTransferOptions("push");
  spec.examples = {"mlean exp push origin", "mlean exp push origin brisk-otter --no-cache"};
  spec.exit_codes = "0 done · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpPush;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

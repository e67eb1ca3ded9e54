// mlean push: sends tracked data to a remote.
#include "flows/data/push.hpp"

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/transfer_verb.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Push(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "pushing"));
  const Result<flows::MoveOptions> move = ReadTransfer(arguments, context, *session);
  if (!move) return CaughtTransfer("push", context, move.error(), *session);
  const Result<flows::MoveSummary> pushed =
      flows::PushData(session->repository(), {.move = *move, .repair = arguments.Has("repair")});
  TRYV(session->repository().Finish());
  if (!pushed) return CaughtTransfer("push", context, pushed.error(), *session);
  if (const int status = TellFailed("push", context, *pushed, *session); status != 0) return status;
  TellSummary(arguments, context, *session, {{"pushed", pushed->moved}});
  return CheckStrict(arguments, context, *pushed);
}

}  // namespace

VerbSpec PushVerb() {
  VerbSpec spec;
  spec.words = {"push"};
  spec.summary = "send tracked data to a remote";
  spec.description =
      "Sends what the remote lacks of the data that the project uses. What it has is asked of the remote each time, so an "
      "interrupted "
      "push goes on when it is started again. A folder's list of files goes last.";
  spec.options = TransferOptions("push");
  spec.options.push_back(Flag("--glob", "targets are patterns, '**' at any depth"));
  spec.options.push_back(Flag("--repair", "also look for files that the remote lacks of folders that it seems to have"));
  spec.examples = {"mlean push", "mlean push data/raw -r backup", "mlean push --repair"};
  spec.exit_codes =
      "0 done · 1 failed · 252 interrupted · 253 not in a project · 254 usage · 255 locked, or the remote refuses as a whole";
  spec.run = Push;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

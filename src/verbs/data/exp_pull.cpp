// mlean exp pull: brings experiments from a git remote, and their data from a DVC remote.
#include "flows/data/exp_pull.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// "['a', 'b']"
std::string PythonList(const std::vector<std::string>& names) {
  codec::Json list = codec::Json::Array{};
  for (const std::string& name : names) list.Push(name);
  return codec::PythonStr(list);
}

Result<int> ExpPull(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "pulling"));
  TRY(const flows::ExpTransferRequest request, ReadExpTransfer(arguments, context, *session));
  const Result<flows::ExpTransferReport> report = flows::PullExperiments(session->repository(), request);
  session->bar().Clear();
  TRYV(session->repository().Finish());
  if (!report) return report.error();
  if (!report->diverged.empty()) {
    fmt::print(stderr,
               "Local experiment '{}' has diverged from remote experiment with the same name. To override the local experiment "
               "re-run with '--force'.\n",
               PythonList(report->diverged));
  }
  if (report->data.failed > 0) {
    for (const std::string& error : report->data.errors) Caught(context, error);
    return Fail(Code::kIo, fmt::format("{} files failed to download", report->data.failed));
  }
  Inform(context, report->moved.empty() ? std::string("No experiments to pull.")
                                        : fmt::format("Pulled experiment '{}' from Git remote '{}'.", PythonList(report->moved),
                                                      request.git_remote));
  if (!request.data) {
    Inform(context,
           "To pull cached outputs for this experimentfrom DVC remote storage,re-run this command without '--no-cache'.");
  }
  return 0;
}

}  // namespace

VerbSpec ExpPullVerb() {
  VerbSpec spec;
  spec.words = {"exp", "pull"};
  spec.summary = "bring experiments from a git remote";
  spec.options = ExpTransferOptions("pull");
  spec.examples = {"mlean exp pull origin", "mlean exp pull origin brisk-otter"};
  spec.exit_codes = "0 done · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpPull;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

// mlean checkout: brings tracked data back from the cache.
#include "flows/data/checkout.hpp"

#include "verbs/data/changes.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

codec::Json ToJson(const flows::CheckoutReport& report) {
  const auto list = [](const std::vector<std::string>& paths) {
    codec::Json out = codec::Json::Array{};
    for (const std::string& path : paths) out.Push(path);
    return out;
  };
  return codec::Json::Object{{"modified", list(report.modified)},
                             {"added", list(report.added)},
                             {"deleted", list(report.deleted)},
                             {"failed", list(report.failed)}};
}

Result<int> Checkout(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "checking out"));
  TRY(const flows::CheckoutReport report, flows::CheckoutData(session->repository(), {.targets = arguments.List("TARGET"),
                                                                                      .with_deps = arguments.Has("with-deps"),
                                                                                      .recursive = arguments.Has("recursive"),
                                                                                      .force = arguments.Has("force"),
                                                                                      .relink = arguments.Has("relink")}));
  session->bar().Clear();
  TRYV(session->repository().Finish());
  if (context.json) {
    PrintLine(ToJson(report).Dump());
  } else if (arguments.Has("summary")) {
    const std::string summary = flows::SummaryText(
        {{"modified", report.modified_files}, {"added", report.added_files}, {"deleted", report.deleted_files}});
    PrintLine(summary.empty() ? "No changes." : summary);
  } else if (!context.quiet) {
    PrintChanges(report);
  }
  if (!report.failed.empty() && !arguments.Has("allow-missing")) {
    return Fail(Code::kNotFound, flows::CheckoutFailedText(report.failed));
  }
  if (arguments.Has("relink") && !context.json) Inform(context, "Relinked successfully");
  return 0;
}

}  // namespace

VerbSpec CheckoutVerb() {
  VerbSpec spec;
  spec.words = {"checkout"};
  spec.summary = "bring tracked data back from the cache, as the .dvc and dvc.lock files say";
  spec.options = {Rest("TARGET", "stages, .dvc files, outputs or paths inside of them; none: all"),
                  Flag("--summary", "only how many files have changed"),
                  Flag("-d,--with-deps", "also what the targets need"),
                  Flag("-R,--recursive", "a folder means all stages in it"),
                  Flag("-f,--force", "replace and remove files that are not in the cache"),
                  Flag("--relink", "make all links to the cache anew, as cache.type says now"),
                  Flag("--allow-missing", "missing data is no failure")};
  spec.examples = {"mlean checkout", "mlean checkout data.dvc", "mlean checkout --relink"};
  spec.exit_codes =
      "0 done · 252 interrupted · 253 not in a project · 254 usage · 255 failed: data is missing, or a file would be lost";
  spec.run = Checkout;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

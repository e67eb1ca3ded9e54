// mlean repro: brings the stages of a pipeline up to date.
#include "flows/data/repro.hpp"

#include <fmt/core.h>

#include "metrics/report_status.hpp"
#include "verbs/data/confirm.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/repro_options.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr std::int64_t kMaxJobs = 1024;

Result<pipeline::ReproduceOptions> ReadOptions(const Arguments& arguments, const Context& context) {
  pipeline::ReproduceOptions options = ReadReproOptions(arguments, context);
  TRY(const std::int64_t jobs, arguments.Int("jobs", 1));
  if (jobs < 1 || jobs > kMaxJobs)
    return Fail(Code::kUsage, fmt::format("cannot use --jobs '{}': expected 1 to {}", jobs, kMaxJobs));
  options.jobs = static_cast<std::size_t>(jobs);
  return options;
}

codec::Json ToJson(const pipeline::ReproduceResult& result) {
  codec::Json list = codec::Json::Array{};
  for (const pipeline::StageOutcome& outcome : result.outcomes) {
    codec::Json reasons = codec::Json::Array{};
    for (const std::string& reason : outcome.reasons) reasons.Push(reason);
    list.Push(codec::Json::Object{{"stage", outcome.name},
                                  {"outcome", std::string(pipeline::OutcomeName(outcome.kind))},
                                  {"reasons", std::move(reasons)},
                                  {"wall_ms", outcome.wall_ms}});
  }
  return list;
}

Result<int> Repro(const Arguments& arguments, Context& context) {
  TRY(pipeline::ReproduceOptions options, ReadOptions(arguments, context));
  Context texts = context;
  texts.quiet = context.quiet || context.json;
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, texts, "storing"));
  flows::Repository& repository = session->repository();
  if (arguments.Has("interactive") || repository.config().core.interactive) {
    options.confirm = [&](const pipeline::Stage& stage) {
      session->bar().Clear();
      return Confirm(fmt::format("Going to reproduce {}. Are you sure you want to continue?",
                                 pipeline::Described(stage, repository.place())),
                     session->cancel());
    };
  }
  const Result<flows::ReproReport> report = flows::Repro(repository, std::move(options), CommandLine());
  session->bar().Clear();
  TRYV(repository.Finish());  // also of a run that failed: what it hashed stays known
  if (!report && session->cancel()->load()) return Fail(Code::kCancelled, "interrupted");  // also when it was asked something
  if (!report) return report.error();
  if (context.json) {
    PrintJson(ToJson(report->stages));
    return 0;
  }
  Print(report->git_hint);
  if (context.quiet) return 0;
  if (report->stages.changed == 0) {
    Print(metrics::UpToDateLine());
  } else {
    PrintLine("Use `dvc push` to send your updates to remote storage.");
  }
  return 0;
}

}  // namespace

VerbSpec ReproVerb() {
  VerbSpec spec;
  spec.words = {"repro"};
  spec.summary = "bring the stages of a pipeline up to date";
  spec.options = ReproOptions();
  spec.options.push_back(ValueOption("-j,--jobs", "N", "run up to N stages at a time", "1"));
  spec.examples = {"mlean repro", "mlean repro train -f", "mlean repro -j 8"};
  spec.exit_codes = "0 done · 251 unsound configuration · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = Repro;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

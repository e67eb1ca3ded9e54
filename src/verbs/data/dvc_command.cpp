#include "verbs/data/dvc_command.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <utility>

#include "pipeline/file_error.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::verbs {
namespace {

int Interrupted(const Context& context) {
  if (!context.quiet) fmt::print(stderr, "ERROR: interrupted by the user\n");
  return repo::kDvcInterruptedExit;
}

// What no command has caught, told as DVC's main does: with --quiet not at all.
int Uncaught(const Error& error, const Context& context) {
  std::fflush(stdout);
  if (error.code == Code::kCancelled) return Interrupted(context);
  repo::DvcFailure failure = repo::UncaughtFailure(error);
  if (error.code == Code::kUsage) failure.exit = repo::kDvcUsageExit;
  if (context.quiet) return failure.exit;
  fmt::print(stderr, "{}{}\n", pipeline::PrintsBare(error) ? "" : "ERROR: ", failure.text);
  if (!failure.footer.empty()) fmt::print(stderr, "{}\n", failure.footer);
  return failure.exit;
}

}  // namespace

int Caught(const Context& context, std::string_view text) {
  std::fflush(stdout);
  if (context.quiet) return 1;
  const bool bare = pipeline::PrintsBare(Fail(Code::kInvalid, std::string(text)));
  fmt::print(stderr, "{}{}\n", bare ? "" : "ERROR: ", text);
  return 1;
}

Result<int> Caught(const Context& context, const Error& error, std::string_view front) {
  if (IsUncaught(error)) return error;
  return Caught(context, pipeline::PrintsBare(error) ? error.what : std::string(front) + error.what);
}

bool IsUncaught(const Error& error) {
  return error.code == Code::kCancelled || error.code == Code::kUsage || error.what.starts_with("unexpected error - ");
}

Result<int> JobsOf(const Arguments& arguments, std::string_view option) {
  TRY(const std::int64_t jobs, arguments.Int(option, 0));
  constexpr std::int64_t kMaxJobs = 1024;
  if (jobs >= 0 && jobs <= kMaxJobs) return static_cast<int>(jobs);
  return Fail(Code::kUsage, fmt::format("cannot use --{} '{}': expected 1 to {}", option, jobs, kMaxJobs));
}

void Warning(std::string_view text) { fmt::print(stderr, "WARNING: {}\n", text); }

void Inform(const Context& context, std::string_view text) {
  if (!context.quiet) PrintLine(text);
}

VerbSpec DvcVerb(VerbSpec spec) {
  spec.usage_status = repo::kDvcUsageExit;
  spec.options.push_back(Flag("--wait-for-lock", "wait for another process that uses the project"));
  spec.options.push_back(Flag("-v,--verbose", "accepted for DVC's sake"));
  spec.run = [run = std::move(spec.run)](const Arguments& arguments, Context& context) -> Result<int> {
    const Result<int> status = run(arguments, context);
    return status ? *status : Uncaught(status.error(), context);
  };
  return spec;
}

}  // namespace mlean::verbs

// mlean fetch: brings tracked data from a remote into the cache.
#include "flows/data/fetch.hpp"

#include <fmt/core.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/transfer_verb.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<void> ReadFilters(const Arguments& arguments, flows::ObjectQuery& query) {
  if (arguments.Has("max-size")) {
    TRY(const std::int64_t bytes, arguments.Int("max-size", 0));
    if (bytes < 0) return Fail(Code::kUsage, fmt::format("cannot use --max-size '{}': expected a number of bytes", bytes));
    query.max_size = static_cast<std::uint64_t>(bytes);
  }
  query.types = arguments.List("type");
  for (const std::string& type : query.types) {
    if (type != "metrics" && type != "plots") {
      return Fail(Code::kUsage, fmt::format("cannot use --type '{}': expected 'metrics' or 'plots'", type));
    }
  }
  return {};
}

Result<int> Fetch(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "fetching"));
  Result<flows::MoveOptions> move = ReadTransfer(arguments, context, *session);
  if (!move) return CaughtTransfer("fetch", context, move.error(), *session);
  TRYV(ReadFilters(arguments, move->query));
  const Result<flows::MoveSummary> fetched = flows::FetchData(session->repository(), *move);
  TRYV(session->repository().Finish());
  if (!fetched) return CaughtTransfer("fetch", context, fetched.error(), *session);
  if (const int status = TellFailed("fetch", context, *fetched, *session); status != 0) return status;
  TellSummary(arguments, context, *session, {{"fetched", fetched->moved}});
  return CheckStrict(arguments, context, *fetched);
}

}  // namespace

VerbSpec FetchVerb() {
  VerbSpec spec;
  spec.words = {"fetch"};
  spec.summary = "bring tracked data from a remote into the cache";
  spec.description = "What the cache has is not asked for. Everything is hashed while it comes; what is damaged is not taken.";
  spec.options = TransferOptions("fetch");
  spec.options.push_back(ValueOption("--max-size", "BYTES", "only files and folders that are smaller"));
  spec.options.push_back(Repeated("--type", "TYPE", "only metrics, only plots, or both"));
  spec.examples = {"mlean fetch", "mlean fetch train -d", "mlean fetch --all-tags"};
  spec.exit_codes = "0 done · 1 failed · 252 interrupted · 253 not in a project · 254 usage · 255 locked";
  spec.run = Fetch;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

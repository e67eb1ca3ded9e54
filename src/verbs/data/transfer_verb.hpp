// What push, fetch and pull have in common: options, progress, and what is printed at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flows/data/move_objects.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// TARGET, -r, -j, -a, -T, -A, -d, -R, --run-cache, --no-run-cache, --strict. `verb`: "push".
std::vector<OptionSpec> TransferOptions(const std::string& verb);

// Usage errors; "Glob ['x*'] has no matches." with --glob.
Result<flows::MoveOptions> ReadTransfer(const Arguments& arguments, const Context& context, Session& session);

// Draws a transfer in the session's progress line.
flows::ProgressSink SinkOf(WorkBar& bar);

// An error that DVC's command catches: "ERROR: failed to push data to the cloud - …", 1. One that it does not catch is returned.
Result<int> CaughtTransfer(std::string_view verb, const Context& context, const Error& error, Session& session);
// The failures of objects; 1, or 0 when there are none.
int TellFailed(std::string_view verb, const Context& context, const flows::MoveSummary& summary, Session& session);
// "3 files fetched and 1 file added", or that all is up to date.
void TellSummary(const Arguments& arguments, const Context& context, Session& session,
                 const std::vector<std::pair<std::string, std::uint64_t>>& counts);
// With --strict: 1 when something is nowhere.
int CheckStrict(const Arguments& arguments, const Context& context, const flows::MoveSummary& summary);

}  // namespace mlean::verbs

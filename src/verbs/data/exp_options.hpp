// What the verbs of experiments have in common: which experiments are meant, the repository at its root, transfers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flows/data/exp_push.hpp"
#include "flows/data/exp_refs.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// -A, --rev, -n. `what`: "show".
std::vector<OptionSpec> SelectionOptions(const std::string& what);
// With the names of the positional EXPERIMENT, if the verb has it.
Result<flows::ExpSelection> ReadSelection(const Arguments& arguments);

// For what DVC does in the root, wherever it is called. Not locked.
Result<std::unique_ptr<flows::Repository>> OpenAtRoot(const Context& context);

// GIT_REMOTE, EXPERIMENT, -f, --no-cache, -r, -j and the selection. `verb`: "push".
std::vector<OptionSpec> ExpTransferOptions(const std::string& verb);
Result<flows::ExpTransferRequest> ReadExpTransfer(const Arguments& arguments, const Context& context, Session& session);

// "a, b and c"
std::string Listed(const std::vector<std::string>& names);

}  // namespace mlean::verbs

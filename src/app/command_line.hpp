// The command line: words and options to a verb, its help, and its exit status. The only file that sees CLI11.
#pragma once

#include <vector>

#include "verbs/verb.hpp"

namespace mlean::app {

// Runs the verb that argv names; returns the process's exit status. Errors are one line on stderr, and a second one with the fix.
int RunCommandLine(int argc, char** argv, const std::vector<verbs::VerbSpec>& table);

}  // namespace mlean::app

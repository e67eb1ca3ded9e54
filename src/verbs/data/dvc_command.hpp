// What DVC's commands have in common: its exit codes, its way of telling errors, its flags -v and --cd's kin.
//
// A command's function returns its exit status. An Error that it returns is what DVC would not catch: "ERROR: <text>" on stderr
// and exit 251, 253 or 255 (repo/dvc_error.hpp). What DVC's command catches itself it tells by Caught() and returns 1. Wrong
// usage of the command line exits 254.
#pragma once

#include <string_view>

#include "verbs/verb.hpp"

namespace mlean::verbs {

// Makes a verb one of DVC's: usage errors exit 254, errors are told as DVC tells them, -v/--verbose is accepted.
VerbSpec DvcVerb(VerbSpec spec);

// "ERROR: <text>" on stderr, unless --quiet; the exit status of an error that the command has caught.
int Caught(const Context& context, std::string_view text);
// The same of an error behind `front` (not of one with its own layout, pipeline::PrintsBare), or the error itself when DVC's
// commands do not catch it.
Result<int> Caught(const Context& context, const Error& error, std::string_view front = {});
// Whether an error is none that DVC's commands catch: one that it does not expect ("unexpected error - …"), Ctrl-C, wrong usage.
bool IsUncaught(const Error& error);
// Of an option that says how many transfers at a time; 0: not given. kUsage.
Result<int> JobsOf(const Arguments& arguments, std::string_view option = "jobs");
// "WARNING: <text>" on stderr, also with --quiet as in DVC.
void Warning(std::string_view text);
// An INFO line of DVC's on stdout, unless --quiet.
void Inform(const Context& context, std::string_view text);

}  // namespace mlean::verbs

// What DVC prints and how it exits when an error of this room (or of a room above it) reaches the top.
//
// Errors about DVC's own files carry DVC's exception text as `what`, word for word, so that a command which DVC lets catch the
// exception can put its own words in front ("failed to push data to the cloud - " + what). Uncaught, DVC's main adds a prefix by
// the kind of the exception. The kind is known from how the text begins:
//
//   "config file error: …"                        exit 251, printed "configuration error - config file error: …"
//   "you are not inside of a DVC repository…",
//   "directory 'x' does not exist"                exit 253
//   "unexpected error - …"                        exit 255, an exception that DVC itself does not expect; kUnexpectedFooter
//   follows anything else                                 exit 255
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::repo {

// Of the DVC whose behaviour this program has.
constexpr std::string_view kDvcVersion = "3.67.1";

constexpr int kDvcConfigExit = 251;
constexpr int kDvcInterruptedExit = 252;
constexpr int kDvcNoRepoExit = 253;
constexpr int kDvcUsageExit = 254;
constexpr int kDvcFailedExit = 255;

// Printed on stderr after an "unexpected error".
constexpr std::string_view kUnexpectedFooter =
    "\nHaving any troubles? Hit us up at https://dvc.org/support, we are always happy to help!";

struct DvcFailure {
  int exit = kDvcFailedExit;
  std::string text;    // after "ERROR: "
  std::string footer;  // a line after it; "" when there is none
};
// The failure of an error that nothing has caught on its way up.
DvcFailure UncaughtFailure(const Error& error);

// An error whose text is "config file error: " + text; kInvalid.
Error ConfigFailure(std::string_view text);
// An error whose text is "unexpected error - " + text; kInvalid.
Error UnexpectedFailure(std::string_view text);

}  // namespace mlean::repo

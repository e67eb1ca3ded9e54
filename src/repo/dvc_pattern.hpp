// Inside of the repo room: one line of a .dvcignore, as the pathspec library turns it into a regular expression.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "repo/glob_machine.hpp"

namespace mlean::repo {

struct DvcPattern {
  bool ignores = true;        // false: "!pattern"
  bool only_folders = false;  // ends with '/'
  GlobMachine machine;        // over the path from the root, by code points
  // Patterns without '/' and of the form NAME, *SUFFIX or PREFIX* are decided by the name alone.
  enum class Quick : std::uint8_t { kNone, kName, kSuffix, kPrefix };
  Quick quick = Quick::kNone;
  std::string literal;
};

constexpr std::size_t kMaxPatternLength = 4096;

// nullopt for a comment, a blank line and what pathspec drops. Errors: UnexpectedFailure "Invalid git pattern: '!'", "bad
// character range z-a"; kTooLarge.
Result<std::optional<DvcPattern>> CompileDvcPattern(std::string_view text);

// The line of the .dvcignore in the folder `relative` as a line of the root's. DVC's own way, with its oddities.
std::string RebasePattern(std::string_view rule, std::string_view relative);

}  // namespace mlean::repo

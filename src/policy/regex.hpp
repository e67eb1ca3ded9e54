// Regex: a compiled PCRE2 pattern that searches UTF-8 text with a bound on the work.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace mlean::policy {

class Regex {
 public:
  // Error: "'(' is not a pattern: missing closing parenthesis"; also for patterns over 1,000 bytes.
  static Result<std::shared_ptr<const Regex>> Compile(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // Whether the pattern occurs anywhere in `text`. Thread-safe. Errors: text that is not UTF-8, a search over the work limit.
  Result<bool> Search(std::string_view text) const;

 private:
  struct State;
  explicit Regex(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mlean::policy

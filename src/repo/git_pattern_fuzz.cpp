#include <algorithm>
#include <vector>

#include "base/result.hpp"
#include "repo/git_pattern.hpp"

// A .gitignore, then a zero byte and a path. A machine that is dead matches nothing that follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::repo;
  const std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 6000));
  const std::size_t end = std::min(text.find('\0'), text.size());
  const std::string_view path = text.substr(std::min(end + 1, text.size()));
  const std::vector<GitPattern> patterns = ParseGitIgnore(text.substr(0, end));
  for (const GitPattern& pattern : patterns) {
    if (pattern.quick != GitPattern::Quick::kNone) {
      CHECK_BUG((pattern.name_only || pattern.quick == GitPattern::Quick::kHere) &&
                pattern.literal.find('/') == pattern.literal.npos);
      continue;
    }
    std::vector<GlobMachine::Word> states(pattern.machine.words());
    pattern.machine.Start(states);
    bool dead = false;
    for (const char c : path) {
      const bool matched = pattern.machine.Step(states, static_cast<unsigned char>(c));
      const bool alive = GlobMachine::Alive(states);
      CHECK_BUG(!dead || (!matched && !alive));
      dead = !alive;
    }
    CHECK_BUG(!dead || !pattern.machine.MatchesAtEnd(states));
  }
  return 0;
}

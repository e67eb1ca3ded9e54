#include <algorithm>
#include <vector>

#include "repo/code_points.hpp"
#include "repo/dvc_pattern.hpp"

// The first line is a pattern, the rest a path. A path matched character by character gives what it gives as a whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::repo;
  const std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 6000));
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view rule = text.substr(0, end);
  std::u32string path = Decode(text.substr(std::min(end + 1, text.size())));
  while (path.ends_with(U'\n')) path.pop_back();  // Run() treats a last newline as Python's '$' does
  for (const std::string& line : {std::string(rule), RebasePattern(rule, "sub/dir")}) {
    const auto pattern = CompileDvcPattern(line);
    if (!pattern || !*pattern) continue;
    const GlobMachine& machine = (*pattern)->machine;
    std::vector<GlobMachine::Word> whole(machine.words());
    std::vector<GlobMachine::Word> steps(machine.words());
    const bool at_start = machine.Start(whole);
    CHECK_BUG(machine.Start(steps) == at_start);
    const bool matches = at_start || machine.Run(whole, path);
    bool stepped = at_start;
    for (std::size_t i = 0; i < path.size() && !stepped; ++i) stepped = machine.Step(steps, path[i]);
    CHECK_BUG(matches == (stepped || machine.MatchesAtEnd(steps)));
  }
  return 0;
}

#include "repo/dvc_pattern.hpp"

#include <fmt/core.h>

#include <vector>

#include "repo/code_points.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::repo {
namespace {

using Text = std::u32string_view;

std::vector<std::u32string> SplitSegments(Text text) {
  std::vector<std::u32string> segments(1);
  for (const char32_t c : text) {
    if (c == '/') {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  return segments;
}

// A bracket expression, `at` behind its '['. False when it has no end: pathspec drops such a pattern.
Result<bool> AddSet(Text glob, std::size_t& at, GlobMachine& machine) {
  std::size_t close = at;
  if (close < glob.size() && (glob[close] == '!' || glob[close] == '^')) ++close;
  if (close < glob.size() && glob[close] == ']') ++close;
  while (close < glob.size() && glob[close] != ']') ++close;
  if (close >= glob.size()) return false;
  GlobSet set;
  set.negated = glob[at] == '!' || glob[at] == '^';
  if (set.negated) ++at;
  // From here on as Python's re reads a set; a backslash stands for itself.
  while (at < close) {
    const char32_t low = glob[at++];
    char32_t high = low;
    if (at < close && glob[at] == '-' && at + 1 < close) {
      high = glob[at + 1];
      at += 2;
    } else if (at < close && glob[at] == '-') {
      set.ranges.emplace_back('-', '-');
      ++at;
    }
    if (high < low) return UnexpectedFailure(fmt::format("bad character range {}-{}", Encode({&low, 1}), Encode({&high, 1})));
    set.ranges.emplace_back(low, high);
  }
  at = close + 1;
  machine.AnyOf(std::move(set));
  return true;
}

// False: drop the pattern.
Result<bool> AddGlob(Text glob, GlobMachine& machine, std::string_view original) {
  for (std::size_t at = 0; at < glob.size();) {
    const char32_t c = glob[at++];
    if (c == '\\') {
      if (at == glob.size()) return UnexpectedFailure("Invalid git pattern: " + PythonRepr(original));
      machine.Char(glob[at++]);
    } else if (c == '*') {
      machine.NotSlash(true);
    } else if (c == '?') {
      machine.NotSlash();
    } else if (c == '[') {
      TRY(const bool kept, AddSet(glob, at, machine));
      if (!kept) return false;
    } else {
      machine.Char(c);
    }
  }
  return true;
}

// "(?:.+/)?"
void AddLeadingFolders(GlobMachine& machine) {
  const std::size_t begin = machine.BeginOptional();
  machine.Dot();
  machine.Dot(true);
  machine.Char('/');
  machine.EndOptional(begin);
}

// "(?:/.+)?"
void AddInnerFolders(GlobMachine& machine) {
  const std::size_t begin = machine.BeginOptional();
  machine.Char('/');
  machine.Dot();
  machine.Dot(true);
  machine.EndOptional(begin);
}

Result<bool> Translate(const std::vector<std::u32string>& segments, GlobMachine& machine, std::string_view original) {
  bool need_slash = false;
  const std::size_t last = segments.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const std::u32string& segment = segments[i];
    if (segment == U"**") {
      if (i == 0) {
        AddLeadingFolders(machine);
      } else if (i < last) {
        AddInnerFolders(machine);
        need_slash = true;
      } else {
        machine.Char('/');
        machine.Match();
      }
      continue;
    }
    if (need_slash) machine.Char('/');
    if (segment == U"*") {
      machine.NotSlash();
      machine.NotSlash(true);
    } else {
      TRY(const bool kept, AddGlob(segment, machine, original));
      if (!kept) return false;
    }
    if (i == last) machine.MatchFolder();
    need_slash = true;
  }
  return true;
}

// The form that the name alone decides, for a pattern "**/SEGMENT" or "**/SEGMENT/**".
void SetQuick(const std::vector<std::u32string>& segments, DvcPattern& pattern) {
  if (segments.size() < 2 || segments[0] != U"**" || segments[1] == U"*" || segments[1].empty()) return;
  if (segments.size() > 3 || (segments.size() == 3 && segments[2] != U"**")) return;
  // "x/**" as a folder's content is not the same as "x/": it must not match the file x, nor the folder before its slash.
  if (segments.size() == 3 && !pattern.only_folders) return;
  Text glob = segments[1];
  DvcPattern::Quick quick = DvcPattern::Quick::kName;
  if (glob.front() == '*') {
    quick = DvcPattern::Quick::kSuffix;
    glob.remove_prefix(1);
  } else if (glob.back() == '*') {
    quick = DvcPattern::Quick::kPrefix;
    glob.remove_suffix(1);
  }
  if (glob.empty() || glob.find_first_of(U"*?[\\\n") != glob.npos) return;
  pattern.quick = quick;
  pattern.literal = Encode(glob);
}

bool IsNullPattern(Text text) { return text.empty() || text.front() == '#' || text == U"/"; }

}  // namespace

Result<std::optional<DvcPattern>> CompileDvcPattern(std::string_view original) {
  std::u32string wide = Decode(original);
  if (wide.size() > kMaxPatternLength) return Fail(Code::kTooLarge, "cannot read an ignore pattern: it is too long");
  Text text = wide;
  if (!text.ends_with(U"\\ ")) {
    while (!text.empty() && IsPythonSpace(text.back())) text.remove_suffix(1);
  }
  if (IsNullPattern(text)) return std::optional<DvcPattern>();
  DvcPattern pattern;
  pattern.only_folders = original.ends_with('/');
  if (text.front() == '!') {
    pattern.ignores = false;
    text.remove_prefix(1);
  }
  std::vector<std::u32string> segments = SplitSegments(text);
  if (segments.front().empty()) {
    segments.erase(segments.begin());
  } else if ((segments.size() == 1 || (segments.size() == 2 && segments[1].empty())) && segments.front() != U"**") {
    segments.insert(segments.begin(), U"**");
  }
  if (segments.empty()) return UnexpectedFailure("Invalid git pattern: " + PythonRepr(original));
  if (segments.back().empty()) segments.back() = U"**";
  for (std::size_t i = segments.size() - 1; i > 0; --i) {
    if (segments[i] == U"**" && segments[i - 1] == U"**") segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const bool folder_pattern = text.empty() || text.back() == '/';
  GlobMachine& machine = pattern.machine;
  const bool all = (segments.size() == 1 && segments[0] == U"**" && !folder_pattern) ||
                   (segments.size() == 2 && segments[0] == U"**" && segments[1] == U"*");
  const bool slash_first = (segments.size() == 1 && segments[0] == U"**" && folder_pattern) ||
                           (segments.size() == 3 && segments[0] == U"**" && segments[1] == U"*" && segments[2] == U"**");
  if (all) {
    machine.Dot();
    machine.Match();
  } else if (slash_first) {
    // pathspec's shortcut expects a search; DVC matches from the start of a path, which is never '/'.
    machine.Char('/');
    machine.Match();
  } else {
    TRY(const bool kept, Translate(segments, machine, original));
    if (!kept) return std::optional<DvcPattern>();
    SetQuick(segments, pattern);
  }
  return std::optional(std::move(pattern));
}

std::string RebasePattern(std::string_view rule, std::string_view relative) {
  rule = PythonStrip(rule);
  if (rule.starts_with('#')) return std::string(rule);
  const bool back = rule.starts_with('!');
  if (back) rule.remove_prefix(1);
  const bool anchored = rule.substr(0, rule.empty() ? 0 : rule.size() - 1).find('/') != rule.npos && !rule.starts_with("**/");
  if (anchored && rule.starts_with('/')) rule.remove_prefix(1);
  if (!anchored && rule.starts_with("**/")) rule.remove_prefix(3);
  if (rule.starts_with('\\')) rule.remove_prefix(1);
  const std::string moved = std::string(relative) + (anchored ? "/" : "/**/") + std::string(rule);
  // DVC builds "/RELATIVE/…" and takes a leading '/' or "./" off again, which it does not find behind a '!'.
  return back ? "!/" + moved : moved;
}

}  // namespace mlean::repo

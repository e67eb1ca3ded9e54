#include "repo/git_pattern.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>

namespace mlean::repo {
namespace {

constexpr std::size_t kMaxLine = 4096;
constexpr std::string_view kSpecial = "*?[\\";
using Bytes = std::bitset<256>;

// Blanks at the end do not count, unless behind a backslash.
std::string_view TrimSpaces(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\') {
      if (++at == line.size()) return line;
      end = at + 1;
    } else if (line[at] != ' ') {
      end = at + 1;
    }
  }
  return line.substr(0, end);
}

void AddNever(GlobMachine& machine) { machine.AnyOf({}); }

// "[:alpha:]" and its like; false for an unknown name.
bool AddClass(std::string_view name, Bytes& set) {
  using Test = int (*)(int);
  constexpr std::array<std::pair<std::string_view, Test>, 11> kClasses = {{{"alnum", std::isalnum},
                                                                           {"alpha", std::isalpha},
                                                                           {"cntrl", std::iscntrl},
                                                                           {"digit", std::isdigit},
                                                                           {"graph", std::isgraph},
                                                                           {"lower", std::islower},
                                                                           {"print", std::isprint},
                                                                           {"punct", std::ispunct},
                                                                           {"space", std::isspace},
                                                                           {"upper", std::isupper},
                                                                           {"xdigit", std::isxdigit}}};
  if (name == "blank") {
    set.set(' ').set('\t');
    return true;
  }
  for (const auto& [known, test] : kClasses) {
    if (name != known) continue;
    for (int c = 0; c < 128; ++c) {
      if (test(c) != 0) set.set(static_cast<std::size_t>(c));
    }
    return true;
  }
  return false;
}

// A bracket expression; `at` is behind its '[' and moves behind its ']'. False when it is malformed: the pattern never matches.
bool ReadSet(std::string_view glob, std::size_t& at, Bytes& set) {
  const auto byte = [&](std::size_t i) { return i < glob.size() ? static_cast<unsigned char>(glob[i]) : 0U; };
  const bool negated = byte(at) == '!' || byte(at) == '^';
  if (negated) ++at;
  unsigned previous = 0;
  for (bool first = true; first || byte(at) != ']'; first = false, ++at) {
    unsigned c = byte(at);
    if (c == 0) return false;
    if (c == '\\') {
      c = byte(++at);
      if (c == 0) return false;
      set.set(c);
    } else if (c == '-' && previous != 0 && byte(at + 1) != 0 && byte(at + 1) != ']') {
      unsigned high = byte(++at);
      if (high == '\\') high = byte(++at);
      if (high == 0) return false;
      for (unsigned k = previous; k <= high; ++k) set.set(k);
      c = 0;
    } else if (c == '[' && byte(at + 1) == ':') {
      const std::size_t close = glob.find(']', at + 2);
      if (close == glob.npos) return false;
      if (close > at + 2 && glob[close - 1] == ':') {
        if (!AddClass(glob.substr(at + 2, close - at - 3), set)) return false;
        at = close;
        c = 0;
      } else {
        set.set('[');
      }
    } else {
      set.set(c);
    }
    previous = c;
  }
  ++at;
  if (negated) set.flip();
  return true;
}

void AddBytes(const Bytes& set, GlobMachine& machine) {
  GlobSet ranges;
  for (std::size_t c = 0; c < set.size(); ++c) {
    if (!set[c]) continue;
    if (!ranges.ranges.empty() && ranges.ranges.back().second + 1 == c) {
      ++ranges.ranges.back().second;
    } else {
      ranges.ranges.emplace_back(c, c);
    }
  }
  machine.AnyOf(std::move(ranges));
}

// Stars from `at` on, which moves behind them. `begin`: where the wildcards begin, which counts as the begin of a path part.
void AddStars(std::string_view glob, std::size_t begin, std::size_t& at, GlobMachine& machine) {
  const std::size_t first = at;
  while (at < glob.size() && glob[at] == '*') ++at;
  const std::string_view rest = glob.substr(at);
  const bool part_begins = first == begin || glob[first - 1] == '/';
  const bool part_ends = rest.empty() || rest.front() == '/' || rest.starts_with("\\/");
  if (at - first < 2 || !part_begins || !part_ends) {
    machine.NotSlash(true);
  } else if (rest.starts_with('/')) {
    const std::size_t optional = machine.BeginOptional();
    machine.All(true);
    machine.Char('/');
    machine.EndOptional(optional);
    ++at;
  } else {
    machine.All(true);
  }
}

void Translate(std::string_view glob, GlobMachine& machine) {
  const std::size_t wild = std::min(glob.find_first_of(kSpecial), glob.size());
  for (std::size_t at = 0; at < glob.size();) {
    const char c = glob[at];
    if (c == '*') {
      AddStars(glob, wild, at, machine);
      continue;
    }
    ++at;
    if (c == '?') {
      machine.NotSlash();
    } else if (c == '[') {
      Bytes set;
      if (!ReadSet(glob, at, set)) {
        AddNever(machine);
        break;
      }
      AddBytes(set.reset('/'), machine);
    } else if (c == '\\' && at == glob.size()) {
      AddNever(machine);
    } else {
      machine.Char(static_cast<unsigned char>(c == '\\' ? glob[at++] : c));
    }
  }
  machine.MatchEnd();
}

GitPattern Parse(std::string_view line) {
  GitPattern pattern;
  if (line.starts_with('!')) {
    pattern.ignores = false;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    pattern.only_folders = true;
    line.remove_suffix(1);
  }
  pattern.name_only = line.find('/') == line.npos;
  if (pattern.name_only && line.find_first_of(kSpecial) == line.npos) {
    pattern.quick = GitPattern::Quick::kName;
    pattern.literal = line;
  } else if (pattern.name_only && line.front() == '*' && line.find_first_of(kSpecial, 1) == line.npos) {
    pattern.quick = GitPattern::Quick::kSuffix;
    pattern.literal = line.substr(1);
  } else if (line.size() > 1 && line.front() == '/' && line.find_first_of("/*?[\\", 1) == line.npos) {
    pattern.quick = GitPattern::Quick::kHere;
    pattern.literal = line.substr(1);
  } else {
    if (line.starts_with('/')) line.remove_prefix(1);
    Translate(line, pattern.machine);
  }
  return pattern;
}

}  // namespace

std::vector<GitPattern> ParseGitIgnore(std::string_view text) {
  std::vector<GitPattern> patterns;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#' || line.size() > kMaxLine) continue;
    line = TrimSpaces(line);
    if (!line.empty()) patterns.push_back(Parse(line));
  }
  return patterns;
}

}  // namespace mlean::repo

// Reading. The shapes of lines and values are ConfigObj's regular expressions, matched by hand: in each, the first way to match
// wins that Python's backtracking would find, so the order of the attempts below matters.
#include <fmt/core.h>

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "repo/code_points.hpp"
#include "repo/ini.hpp"

namespace mlean::repo {
namespace {

using codec::Json;
using Text = std::u32string_view;

constexpr std::size_t kMaxLine = std::size_t{16} << 10;  // characters; the search in a line is quadratic at worst, and recursive
constexpr std::size_t kMaxSteps = 20'000'000;            // of that search over a whole file
constexpr std::size_t kMaxInterpolated = std::size_t{8} << 20;  // bytes put in by a whole file
constexpr std::size_t kMaxInterpolationDepth = 200;

std::size_t SkipSpace(Text text, std::size_t at) {
  while (at < text.size() && IsPythonSpace(text[at])) ++at;
  return at;
}
char32_t At(Text text, std::size_t at) { return at < text.size() ? text[at] : U'\0'; }
bool IsQuote(char32_t c) { return c == '"' || c == '\''; }

// \s*(\#.*)?$
bool EndsHere(Text text, std::size_t at) {
  at = SkipSpace(text, at);
  return at >= text.size() || text[at] == '#';
}

// The value without quotes around it; nullopt where ConfigObj raises (an empty list member).
std::optional<Text> Unquote(Text value) {
  if (value.empty()) return std::nullopt;
  if (value.front() == value.back() && IsQuote(value.front())) {
    return value.size() < 2 ? Text() : value.substr(1, value.size() - 2);
  }
  return value;
}

// ---- lines
struct KeyLine {
  Text key;
  Text value;
};

std::optional<KeyLine> KeyEndingAt(Text line, std::size_t begin, std::size_t end) {
  const std::size_t equals = SkipSpace(line, end);
  if (At(line, equals) != '=' || equals >= line.size()) return std::nullopt;
  return KeyLine{line.substr(begin, end - begin), line.substr(SkipSpace(line, equals + 1))};
}

std::optional<KeyLine> MatchKey(Text line) {
  // The blanks in front may be given back, one by one, so that a key may begin with one.
  for (std::size_t begin = SkipSpace(line, 0) + 1; begin-- > 0;) {
    const char32_t first = At(line, begin);
    if (begin >= line.size() || first == '=') continue;
    for (std::size_t end = begin + 1; end <= line.size(); ++end) {
      if (IsQuote(first)) {
        if (end == line.size() || line[end] != first) continue;
        if (const auto found = KeyEndingAt(line, begin, end + 1)) return found;
      } else {
        if (const auto found = KeyEndingAt(line, begin, end)) return found;
      }
    }
  }
  return std::nullopt;
}

struct SectionLine {
  std::size_t opened = 0;
  std::size_t closed = 0;
  Text name;
};

// For each position whether "(\s*\])+\s*(\#.*)?$" matches there.
std::vector<bool> SectionEnds(Text line) {
  std::vector<bool> ends(line.size() + 1, false);
  bool after = true;  // whether the rest after at least one ']' is fine
  bool here = false;
  for (std::size_t at = line.size(); at-- > 0;) {
    const char32_t c = line[at];
    if (c == ']') {
      here = after;  // the old value: what follows this bracket
    } else if (!IsPythonSpace(c)) {
      here = false;
      after = c == '#';
    }
    ends[at] = here;
  }
  return ends;
}

std::optional<Text> SectionName(Text line, std::size_t begin, const std::vector<bool>& ends) {
  const char32_t first = At(line, begin);
  if (begin >= line.size() || IsPythonSpace(first)) return std::nullopt;
  bool word = false;
  for (std::size_t end = begin + 1; end < line.size(); ++end) {
    if (!IsQuote(first)) {
      if (ends[end]) return line.substr(begin, end - begin);
    } else {
      if (word && line[end] == first && ends[end + 1]) return line.substr(begin, end + 1 - begin);
      word = word || !IsPythonSpace(line[end]);
    }
  }
  return std::nullopt;
}

std::optional<SectionLine> MatchSection(Text line) {
  std::vector<std::size_t> starts;  // where the name may begin: after each '['
  for (std::size_t at = SkipSpace(line, 0); At(line, at) == '['; at = starts.back()) starts.push_back(SkipSpace(line, at + 1));
  if (starts.empty()) return std::nullopt;
  const std::vector<bool> ends = SectionEnds(line);
  for (std::size_t opened = starts.size(); opened > 0; --opened) {
    const std::optional<Text> name = SectionName(line, starts[opened - 1], ends);
    if (!name) continue;
    SectionLine found{opened, 0, *name};
    for (std::size_t at = starts[opened - 1] + name->size(); at < line.size() && line[at] != '#'; ++at)
      found.closed += line[at] == ']';
    return found;
  }
  return std::nullopt;
}

// ---- values
struct Value {
  Json json;
  bool bad = false;
};

// The search of a value's shape: list members each with a comma behind, then perhaps a last member.
class ValueMatcher {
 public:
  ValueMatcher(Text value, std::size_t& steps) : value_(value), failed_(value.size() + 1, false), steps_(steps) {}

  std::optional<Value> Match() {
    if (!Members(0)) {
      if (At(value_, 0) == ',' && EndsHere(value_, 1)) return Value{Json::Array{}, false};
      return std::nullopt;
    }
    const Text list = value_.substr(0, list_end_);
    if (list.empty()) {
      const Text single = single_.value_or(Text());
      return Value{Encode(single.empty() ? single : *Unquote(single)), false};
    }
    Json::Array items;
    for (std::size_t at = 0; at < list.size();) {
      const std::optional<std::pair<Text, std::size_t>> member = FindMember(list, at);
      if (!member) break;
      const std::optional<Text> plain = Unquote(member->first);
      if (!plain) return Value{{}, true};
      items.emplace_back(Encode(*plain));
      at = member->second;
    }
    if (single_ && !single_->empty()) items.emplace_back(Encode(*Unquote(*single_)));
    return Value{std::move(items), false};
  }

 private:
  // Members from `at` on and what comes after them. A position that has failed once fails again.
  bool Members(std::size_t at) {
    if (failed_[at]) return false;
    for (const auto& [next, again] : NextMembers(at)) {
      for (std::size_t blank = again + 1; blank-- > next;) {
        if (Members(blank)) return true;
      }
    }
    if (Last(at)) {
      list_end_ = at;
      return true;
    }
    failed_[at] = true;
    return false;
  }

  // The ways to take one member and its comma at `at`: {position behind the comma, the same behind its blanks}.
  std::vector<std::pair<std::size_t, std::size_t>> NextMembers(std::size_t at) {
    std::vector<std::pair<std::size_t, std::size_t>> ways;
    const char32_t first = At(value_, at);
    if (at >= value_.size() || first == ',' || first == '#') return ways;
    for (std::size_t end = at + 1; end < value_.size(); ++end) {
      ++steps_;
      std::size_t comma = end;
      if (IsQuote(first)) {
        if (value_[end] != first) continue;
        comma = end + 1;
      } else if (value_[end] == '#') {
        break;
      }
      comma = SkipSpace(value_, comma);
      if (At(value_, comma) == ',') ways.emplace_back(comma + 1, SkipSpace(value_, comma + 1));
      if (!IsQuote(first) && At(value_, comma) == ',') break;
    }
    return ways;
  }

  // The last member, or none, and the end.
  bool Last(std::size_t at) {
    const char32_t first = At(value_, at);
    single_.reset();
    if (at < value_.size() && first != ',' && first != '#' && !IsPythonSpace(first)) {
      for (std::size_t end = at + 1; end <= value_.size(); ++end) {
        ++steps_;
        if (IsQuote(first)) {
          if (end == value_.size() || value_[end] != first || !EndsHere(value_, end + 1)) continue;
          single_ = value_.substr(at, end + 1 - at);
          return true;
        }
        if (EndsHere(value_, end)) {
          single_ = value_.substr(at, end - at);
          return true;
        }
        if (end < value_.size() && value_[end] == ',') break;
      }
    }
    if (!EndsHere(value_, at)) return false;
    if (at == 0 || value_[at - 1] != ',') single_ = Text();
    return true;
  }

  // The next match of ConfigObj's _listvalueexp at or after `at`: the member and where its comma and blanks end.
  static std::optional<std::pair<Text, std::size_t>> FindMember(Text list, std::size_t at) {
    const auto behind = [&](std::size_t end) -> std::optional<std::size_t> {
      const std::size_t comma = SkipSpace(list, end);
      if (At(list, comma) != ',') return std::nullopt;
      return SkipSpace(list, comma + 1);
    };
    const char32_t first = list[at];
    for (std::size_t end = at + 1; IsQuote(first) && end < list.size(); ++end) {
      if (list[end] != first) continue;
      if (const auto next = behind(end + 1)) return std::pair{list.substr(at, end + 1 - at), *next};
    }
    const bool takes_first = !IsQuote(first) && first != ',' && first != '#';
    for (std::size_t end = at + (takes_first ? 1 : 0); end < list.size(); ++end) {
      if (const auto next = behind(end)) return std::pair{list.substr(at, end - at), *next};
    }
    return std::nullopt;
  }

  Text value_;
  std::vector<bool> failed_;
  std::size_t& steps_;
  std::size_t list_end_ = 0;
  std::optional<Text> single_;
};

// ---- the file
// A section while it is read. Its scalars stand before its sub-sections.
struct Section {
  std::string name;
  std::size_t depth = 0;
  Section* parent = nullptr;  // itself at the top
  Json::Object scalars;
  std::vector<std::unique_ptr<Section>> sections;
  std::set<std::string, std::less<>> names;  // of both

  const Json* Scalar(std::string_view key) const {
    for (const auto& scalar : scalars) {
      if (scalar.first == key) return &scalar.second;
    }
    return nullptr;
  }
};

// ConfigObj's interpolation: "%(name)s" is the value of `name` in the section, its DEFAULT, or a section around it.
class Interpolator {
 public:
  Result<std::string> Expand(const Section& section, std::string_view key, std::string value) {
    if (value.find('%') == value.npos) return value;
    const std::pair<std::string, const Section*> mark{std::string(key), &section};
    if (trail_.size() > kMaxInterpolationDepth) return Fail(Code::kTooLarge, fmt::format("\"{}\" is interpolated too deep", key));
    if (!trail_.insert(mark).second) {
      return Fail(Code::kCorrupt, fmt::format("interpolation loop detected in value \"{}\".", key));
    }
    for (std::size_t at = 0;;) {
      at = value.find("%(", at);
      const std::size_t close = at == value.npos ? at : value.find(')', at);
      if (close == value.npos) break;
      if (close + 1 >= value.size() || value[close + 1] != 's') {
        at += 1;
        continue;
      }
      const std::string name = value.substr(at + 2, close - at - 2);
      TRY(const auto found, Fetch(section, name));
      TRY(const std::string text, Expand(*found.second, name, found.first));
      value.replace(at, close + 2 - at, text);
      at += text.size();
      spent_ += value.size();
      if (spent_ > kMaxInterpolated) return Fail(Code::kTooLarge, fmt::format("the value of \"{}\" is too long", key));
    }
    trail_.erase(mark);
    return value;
  }

 private:
  static Result<std::pair<std::string, const Section*>> Fetch(const Section& from, const std::string& key) {
    for (const Section* at = &from;; at = at->parent) {
      const Json* found = at->Scalar(key);
      if (found == nullptr) {
        if (const Json* plain = at->Scalar("DEFAULT")) {
          return Fail(Code::kCorrupt, fmt::format("'{}' object has no attribute 'get'", plain->IsString() ? "str" : "list"));
        }
      }
      for (const auto& section : at->sections) {
        if (found == nullptr && section->name == "DEFAULT") found = section->Scalar(key);
      }
      if (found != nullptr && found->IsString()) return std::pair<std::string, const Section*>{found->AsString(), at};
      if (found != nullptr) return Fail(Code::kCorrupt, "expected string or bytes-like object, got 'list'");
      if (at->parent == at) break;
    }
    return Fail(Code::kCorrupt, fmt::format("missing option \"{}\" in interpolation.", key));
  }

  std::set<std::pair<std::string, const Section*>> trail_;
  std::size_t spent_ = 0;
};

class Parser {
 public:
  explicit Parser(Text text) : lines_(PythonLines(text)) {
    for (Text& line : lines_) {
      while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    }
    top_.parent = &top_;
    section_ = &top_;
  }

  Result<Json> Run() {
    for (std::size_t at = 0; at < lines_.size(); ++at) {
      const Text line = lines_[at];
      const Text bare = PythonStrip(line);
      if (bare.empty() || bare.front() == '#') continue;
      if (line.size() > kMaxLine) return Fail(Code::kTooLarge, fmt::format("line {} is too long", at + 1));
      if (++keys_ > kMaxIniKeys) return Fail(Code::kTooLarge, fmt::format("line {} is one too many", at + 1));
      if (steps_ > kMaxSteps) return Fail(Code::kTooLarge, fmt::format("line {} is too complex", at + 1));
      if (const std::optional<SectionLine> marker = MatchSection(line)) {
        OpenSection(*marker, at);
      } else {
        ReadKey(at);
      }
    }
    if (errors_.size() > 1)
      return Fail(Code::kInvalid, "Parsing failed with several errors.\nFirst error at " + errors_.front().second);
    if (!errors_.empty()) return Fail(Code::kInvalid, errors_.front().first + " at " + errors_.front().second);
    return Plain(top_);
  }

 private:
  void Wrong(std::string what, std::size_t line) { errors_.emplace_back(std::move(what), fmt::format("line {}.", line + 1)); }

  void OpenSection(const SectionLine& marker, std::size_t line) {
    if (marker.opened != marker.closed) return Wrong("Cannot compute the section depth", line);
    if (marker.opened > section_->depth + 1 || marker.opened > kMaxIniDepth) return Wrong("Section too nested", line);
    Section* parent = section_;
    while (parent->depth >= marker.opened) parent = parent->parent;
    std::string name = Encode(*Unquote(marker.name));
    if (!parent->names.insert(name).second) return Wrong("Duplicate section name", line);
    parent->sections.push_back(std::make_unique<Section>());
    section_ = parent->sections.back().get();
    section_->name = std::move(name);
    section_->depth = marker.opened;
    section_->parent = parent;
  }

  // Moves `line` to the last line of the value.
  void ReadKey(std::size_t& line) {
    const std::size_t begun = line;
    const std::optional<KeyLine> match = MatchKey(lines_[line]);
    if (!match) {
      return Wrong(fmt::format("Invalid line ({}) (matched as neither section nor keyword)", PythonRepr(Encode(lines_[line]))),
                   line);
    }
    Json value;
    const Text start = match->value.substr(0, 3);
    if (start == U"'''" || start == U"\"\"\"") {
      std::optional<std::string> text = LongValue(match->value, line);
      if (!text) return Wrong("Parse error in multiline value", begun);
      value = std::move(*text);
    } else {
      std::optional<Value> found = ValueMatcher(match->value, steps_).Match();
      if (!found || found->bad) return Wrong("Parse error in value", line);
      value = std::move(found->json);
    }
    std::string key = Encode(*Unquote(match->key));
    // DVC's own error names the last line of the value.
    if (!section_->names.insert(key).second) return Wrong("Duplicate keyword name", line);
    section_->scalars.emplace_back(std::move(key), std::move(value));
  }

  // A value in triple quotes, perhaps over several lines.
  std::optional<std::string> LongValue(Text value, std::size_t& line) {
    const std::u32string quote(value.substr(0, 3));
    for (std::size_t close = value.find(quote, 3); close != value.npos; close = value.find(quote, close + 1)) {
      if (EndsHere(value, close + 3)) return Encode(value.substr(3, close - 3));
    }
    if (value.find(quote, 3) != value.npos) return std::nullopt;
    std::u32string text(value.substr(3));
    for (std::size_t at = line + 1; at < lines_.size(); ++at) {
      text += U'\n';
      if (lines_[at].find(quote) == Text::npos) {
        text += lines_[at];
        continue;
      }
      for (std::size_t close = lines_[at].find(quote); close != Text::npos; close = lines_[at].find(quote, close + 1)) {
        if (!EndsHere(lines_[at], close + 3)) continue;
        line = at;
        return Encode(text) + Encode(lines_[at].substr(0, close));
      }
      return std::nullopt;
    }
    return std::nullopt;
  }

  Result<Json> Plain(const Section& section) {
    Json::Object out;
    for (const auto& [key, value] : section.scalars) {
      if (value.IsString()) {
        TRY(std::string text, interpolator_.Expand(section, key, value.AsString()));
        out.emplace_back(key, std::move(text));
        continue;
      }
      Json::Array items;
      for (const Json& item : value.AsArray()) {
        TRY(std::string text, interpolator_.Expand(section, key, item.AsString()));
        items.emplace_back(std::move(text));
      }
      out.emplace_back(key, std::move(items));
    }
    for (const auto& inner : section.sections) {
      TRY(Json object, Plain(*inner));
      out.emplace_back(inner->name, std::move(object));
    }
    return Json(std::move(out));
  }

  std::vector<Text> lines_;
  Section top_;
  Section* section_ = nullptr;
  std::vector<std::pair<std::string, std::string>> errors_;  // what, "line N."
  std::size_t steps_ = 0;
  std::size_t keys_ = 0;
  Interpolator interpolator_;
};

}  // namespace

Result<Json> ParseIni(std::string_view text) {
  if (text.size() > kMaxIniBytes) return Fail(Code::kTooLarge, fmt::format("a config file has over {} bytes", kMaxIniBytes));
  std::string fault = Utf8Fault(text);
  if (!fault.empty()) return Fail(Code::kInvalid, std::move(fault));
  const std::u32string wide = Decode(text);
  return Parser(wide).Run();
}

}  // namespace mlean::repo

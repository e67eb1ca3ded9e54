#include "experiments/param_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"

namespace mlean::experiments {
namespace {

using codec::Json;
using Path = std::vector<std::string>;

// One difference of two objects; maps that are on both sides are gone into.
struct Change {
  Path path;          // of the map
  std::string key;    // in it
  const Json* value;  // null: the key is gone
  bool is_new = false;
};

void Compare(const Json& before, const Json& after, const Path& path, std::vector<Change>& changes) {
  for (const auto& [key, value] : before.AsObject()) {
    const Json* const now = after.Find(key);
    if (now == nullptr) {
      changes.push_back({path, key, nullptr});
    } else if (value.IsObject() && now->IsObject()) {
      Path inner = path;
      inner.push_back(key);
      Compare(value, *now, inner, changes);
    } else if (!(value == *now)) {
      changes.push_back({path, key, now});
    }
  }
  for (const auto& [key, value] : after.AsObject()) {
    if (before.Find(key) == nullptr) changes.push_back({path, key, &value, true});
  }
}

std::vector<Change> Changes(const Json& before, const Json& after) {
  std::vector<Change> changes;
  Compare(before, after, {}, changes);
  return changes;
}

// ---- lines
std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) { return Join(lines, ""); }

std::size_t Indent(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }
bool IsBlank(std::string_view line) { return Trim(line).empty(); }

// ---- TOML
std::string TomlKey(const std::string& key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? key : Json(key).Dump();
}

std::string TomlValue(const Json& value) {
  if (value.IsObject()) {
    std::vector<std::string> members;
    for (const auto& [key, member] : value.AsObject()) members.push_back(TomlKey(key) + " = " + TomlValue(member));
    return "{" + Join(members, ", ") + "}";
  }
  if (value.IsArray()) {
    std::vector<std::string> items;
    for (const Json& item : value.AsArray()) items.push_back(TomlValue(item));
    return "[" + Join(items, ", ") + "]";
  }
  if (value.IsDouble() && value.Digits() == nullptr) return codec::PythonFloat(value.AsDouble());
  return value.Dump();
}

// The table that a header line opens ("[a.b]"); nullopt for any other line and for arrays of tables.
std::optional<Path> TomlHeader(std::string_view line) {
  line = Trim(line.substr(0, line.find('#')));
  if (!line.starts_with('[') || line.starts_with("[[") || !line.ends_with(']')) return std::nullopt;
  Path path = Split(line.substr(1, line.size() - 2), '.');
  for (std::string& part : path) part = ReplaceAll(Trim(part), "\"", "");
  return path;
}

// Where the value on a line "key = value # comment" ends; npos when it goes on over the line.
std::size_t TomlValueEnd(std::string_view line, std::size_t at) {
  int depth = 0;
  for (std::size_t i = at; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' || c == '\'') {
      if (line.substr(i).starts_with(std::string(3, c))) return line.npos;
      for (++i; i < line.size() && line[i] != c; ++i) i += c == '"' && line[i] == '\\' ? 1 : 0;
      if (i >= line.size()) return line.npos;
    } else if (c == '[' || c == '{' || c == '(') {
      ++depth;
    } else if (c == ']' || c == '}' || c == ')') {
      --depth;
    } else if (c == '#' || c == '\n' || c == '\r') {
      if (depth > 0) return line.npos;
      std::size_t end = i;
      while (end > at && (line[end - 1] == ' ' || line[end - 1] == '\t')) --end;
      return end;
    }
  }
  return depth > 0 ? line.npos : line.size();
}

class TomlText {
 public:
  explicit TomlText(std::string_view text) : lines_(Lines(text)) {}

  void Make(const Change& change) {
    const auto [begin, end] = Table(change.path);
    if (change.is_new && change.value->IsObject() && change.path.empty()) return AddTable(change);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t equal = lines_[i].find('=');
      if (equal == std::string::npos || ReplaceAll(Trim(std::string_view(lines_[i]).substr(0, equal)), "\"", "") != change.key)
        continue;
      std::size_t at = equal + 1;
      while (at < lines_[i].size() && lines_[i][at] == ' ') ++at;
      const std::size_t value_end = TomlValueEnd(lines_[i], at);
      if (value_end == std::string::npos) return;
      if (change.value == nullptr) {
        lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        lines_[i].replace(at, value_end - at, TomlValue(*change.value));
      }
      return;
    }
    if (!change.is_new) return;
    std::size_t at = end;
    while (at > begin && IsBlank(lines_[at - 1])) --at;
    if (at > 0 && !lines_[at - 1].ends_with('\n')) lines_[at - 1] += '\n';
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at),
                  TomlKey(change.key) + " = " + TomlValue(*change.value) + "\n");
  }

  std::string Text() const { return Joined(lines_); }

 private:
  // The lines of a table, without its header; an empty range at the end when there is no such table.
  std::pair<std::size_t, std::size_t> Table(const Path& path) const {
    std::size_t begin = path.empty() ? 0 : lines_.size();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const bool header = Trim(lines_[i]).starts_with('[') && lines_[i].find('=') == std::string::npos;
      if (!header) continue;
      if (begin < lines_.size()) return {begin, i};
      if (TomlHeader(lines_[i]) == path) begin = i + 1;
    }
    return {begin, lines_.size()};
  }

  void AddTable(const Change& change) {
    if (!lines_.empty() && !lines_.back().ends_with('\n')) lines_.back() += '\n';
    if (!lines_.empty() && !IsBlank(lines_.back())) lines_.emplace_back("\n");
    lines_.push_back("[" + TomlKey(change.key) + "]\n");
    for (const auto& [key, value] : change.value->AsObject()) lines_.push_back(TomlKey(key) + " = " + TomlValue(value) + "\n");
  }

  std::vector<std::string> lines_;
};

// ---- Python
class PythonText {
 public:
  explicit PythonText(std::string_view text) : lines_(Lines(text)) {}

  // The assignment to a name at the top (path {}) or in a class (path {"Class"}), there also "self.name" of its functions.
  void Make(const Change& change) {
    if (change.value == nullptr || change.is_new || change.path.size() > 1) return;
    std::size_t begin = 0, end = lines_.size();
    if (!change.path.empty()) {
      begin =
          std::find_if(lines_.begin(), lines_.end(), [&](const std::string& line) { return OpensClass(line, change.path[0]); }) -
          lines_.begin();
      if (begin == lines_.size()) return;
      ++begin;
      end = begin;
      while (end < lines_.size() && (IsBlank(lines_[end]) || Indent(lines_[end]) > 0)) ++end;
    }
    for (std::size_t i = begin; i < end; ++i) {
      std::string& line = lines_[i];
      const std::size_t indent = Indent(line);
      if (change.path.empty() && indent > 0) continue;
      std::string_view rest = std::string_view(line).substr(indent);
      if (!change.path.empty() && rest.starts_with("self.")) rest.remove_prefix(5);
      if (!rest.starts_with(change.key)) continue;
      rest.remove_prefix(change.key.size());
      const std::size_t equal = rest.find('=');
      if (equal == rest.npos || rest.substr(equal).starts_with("==")) continue;
      const std::string_view between = Trim(rest.substr(0, equal));
      if (!between.empty() && !between.starts_with(':')) continue;
      std::size_t at = line.size() - rest.size() + equal + 1;
      while (at < line.size() && line[at] == ' ') ++at;
      const std::size_t value_end = TomlValueEnd(line, at);  // quotes, brackets and '#' end alike
      if (value_end == std::string::npos) return;
      line.replace(at, value_end - at, codec::PythonRepr(*change.value));
      return;
    }
  }

  std::string Text() const { return Joined(lines_); }

 private:
  static bool OpensClass(std::string_view line, const std::string& name) {
    if (!line.starts_with("class ")) return false;
    line = Trim(line.substr(6));
    return line.starts_with(name) && line.size() > name.size() && (line[name.size()] == ':' || line[name.size()] == '(');
  }

  std::vector<std::string> lines_;
};

}  // namespace

Result<std::string> RewriteYaml(std::string_view text, const Json& before, const Json& after) {
  TRY(codec::YamlTree tree, codec::YamlTree::Parse(text));
  for (const Change& change : Changes(before, after)) {
    if (change.value == nullptr) {
      TRYV(tree.Remove(change.path, change.key));
    } else {
      TRYV(tree.Set(change.path, change.key, *change.value));
    }
  }
  return tree.Write();
}

std::string RewriteJson(const Json& after) { return after.DumpPython(); }

std::string RewriteToml(std::string_view text, const Json& before, const Json& after) {
  TomlText toml(text);
  for (const Change& change : Changes(before, after)) toml.Make(change);
  return toml.Text();
}

std::string RewritePython(std::string_view text, const Json& before, const Json& after) {
  PythonText python(text);
  for (const Change& change : Changes(before, after)) python.Make(change);
  return python.Text();
}

}  // namespace mlean::experiments

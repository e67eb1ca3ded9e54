#include "metrics/report_list.hpp"

#include <fmt/core.h>

#include <cmath>
#include <map>

#include "base/text.hpp"
#include "metrics/table.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::string_view kDefaultColors = "rs=0:di=01;34:ex=01;32";

// Colours of LS_COLORS: "di=01;34" by kind, "*.tar=…" by extension, and "out=" for DVC's outputs.
class Colors {
 public:
  explicit Colors(const ListOptions& options) : on_(options.colors) {
    if (!on_) return;
    for (const std::string& item : Split(options.ls_colors.empty() ? kDefaultColors : options.ls_colors, ':')) {
      const std::size_t equals = item.find('=');
      if (equals != std::string::npos) codes_[item.substr(0, equals)] = item.substr(equals + 1);
    }
  }

  std::string Paint(const ListEntry& entry) const {
    const auto code = on_ ? codes_.find(Key(entry)) : codes_.end();
    if (code == codes_.end() || code->second.empty()) return entry.path;
    const auto reset = codes_.find("rs");
    return fmt::format("\x1b[{}m{}\x1b[{}m", code->second, entry.path, reset == codes_.end() ? "0" : reset->second);
  }

 private:
  std::string Key(const ListEntry& entry) const {
    if (entry.is_out && codes_.count("out") > 0) return "out";
    if (entry.is_dir) return "di";
    if (entry.is_exec) return "ex";
    const std::size_t dot = entry.path.rfind('.'), slash = entry.path.rfind('/');
    const bool has = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    return has ? "*" + entry.path.substr(dot) : "";
  }

  bool on_;
  std::map<std::string, std::string> codes_;
};

std::vector<std::string> Row(const ListEntry& entry, std::string name, const ListOptions& options) {
  std::vector<std::string> row;
  if (options.size) {
    const bool unknown = !entry.size || (*entry.size <= 0 && entry.is_dir);
    row.push_back(unknown ? "" : NaturalSize(*entry.size));
  }
  if (options.hash) row.push_back(entry.md5.empty() ? "-" : entry.md5);
  row.push_back(std::move(name));
  return row;
}

void AppendTree(std::vector<std::vector<std::string>>& rows, const std::vector<ListEntry>& entries, const std::string& prefix,
                int depth, const Colors& colors, const ListOptions& options) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool last = i + 1 == entries.size();
    const std::string branch = depth == 0 ? "" : last ? "└── " : "├── ";
    rows.push_back(Row(entries[i], prefix + branch + colors.Paint(entries[i]), options));
    const std::string trunk = depth == 0 ? "" : last ? "    " : "│   ";
    AppendTree(rows, entries[i].contents, prefix + trunk, depth + 1, colors, options);
  }
}

}  // namespace

std::string ListText(const std::vector<ListEntry>& entries, const ListOptions& options) {
  const Colors colors(options);
  if (!options.size && !options.hash) {
    std::string out;
    for (const ListEntry& entry : entries) out += colors.Paint(entry) + "\n";
    return out;
  }
  Table table;
  for (const ListEntry& entry : entries) table.rows.push_back(Row(entry, colors.Paint(entry), options));
  return TableText(table, {.right_first = options.size});
}

std::string TreeText(const std::vector<ListEntry>& roots, const ListOptions& options) {
  Table table;
  AppendTree(table.rows, roots, "", 0, Colors(options), options);
  return TableText(table, {.right_first = options.size, .keep_whitespace = true});
}

Json ListJson(const std::vector<ListEntry>& entries) {
  Json::Array out;
  for (const ListEntry& entry : entries) {
    out.push_back(Json::Object{{"isout", entry.is_out},
                               {"isdir", entry.is_dir},
                               {"isexec", entry.is_exec},
                               {"size", entry.size ? Json(*entry.size) : Json()},
                               {"md5", entry.md5.empty() ? Json() : Json(entry.md5)},
                               {"path", entry.path}});
  }
  return out;
}

std::string NaturalSize(std::int64_t bytes) {
  constexpr double kStep = 1024;
  auto value = static_cast<double>(bytes);
  if (value < kStep) return fmt::format("{}", bytes);
  // Three digits: "1.46k", "12.3k", "999k".
  for (const char unit : std::string_view(" kMGTPEZ")) {
    const std::string suffix = unit == ' ' ? "" : std::string(1, unit);
    if (std::fabs(value) < 999.5) {
      const int digits = std::fabs(value) < 9.995 ? 2 : std::fabs(value) < 99.95 ? 1 : 0;
      return fmt::format("{:.{}f}{}", value, digits, suffix);
    }
    value /= kStep;
  }
  return fmt::format("{:3.1f}Y", value);
}

}  // namespace mlean::metrics

#include "metrics/report_data_status.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "metrics/json_pieces.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::string_view kIndent = "        ";

// The changes of one state, by their places.
struct State {
  std::string_view name;
  std::vector<std::uint32_t> changes;
};

// In order of first mention.
std::vector<State> ByState(const MadeList<PathChange>& changes) {
  std::vector<State> states;
  for (std::uint32_t i = 0; i < changes.size(); ++i) {
    const std::string_view name = changes[i].state;
    auto state = std::find_if(states.begin(), states.end(), [&](const State& one) { return one.name == name; });
    if (state == states.end()) state = states.insert(state, {name, {}});
    state->changes.push_back(i);
  }
  return states;
}

// The text of one section after the other, with an empty line between them.
class Sections {
 public:
  explicit Sections(const TextSink& sink) : out_(sink) {}

  void Add(std::string_view label, const std::vector<std::string_view>& hints, const MadeList<std::string>& paths) {
    if (paths.empty()) return;
    AddTitle(label, hints);
    for (std::size_t i = 0; i < paths.size(); ++i) out_.Add(fmt::format("{}{}\n", kIndent, paths[i]));
  }
  void Add(std::string_view label, const std::vector<std::string_view>& hints, const MadeList<PathChange>& changes) {
    if (changes.empty()) return;
    AddTitle(label, hints);
    for (const State& state : ByState(changes)) {
      for (const std::uint32_t i : state.changes) {
        const PathChange change = changes[i];
        const std::string from = change.old_path.empty() ? "" : change.old_path + " -> ";
        out_.Add(fmt::format("{}{}: {}{}\n", kIndent, state.name, from, change.path));
      }
    }
  }
  void AddLine(std::string_view line) { out_.Add(fmt::format("{}\n", line)); }
  bool empty() const { return empty_; }

 private:
  void AddTitle(std::string_view label, const std::vector<std::string_view>& hints) {
    out_.Add(fmt::format("{}{}:\n", empty_ ? "" : "\n", label));
    for (const std::string_view hint : hints) out_.Add(fmt::format("  ({})\n", hint));
    empty_ = false;
  }

  TextPieces out_;
  bool empty_ = true;
};

Json PathJson(const PathChange& change) {
  if (change.old_path.empty()) return change.path;
  return Json::Object{{"old", change.old_path}, {"new", change.path}};
}

void AddJson(JsonPieces& out, std::string_view name, const MadeList<std::string>& paths) {
  if (paths.empty()) return;
  out.Open('[', name);
  for (std::size_t i = 0; i < paths.size(); ++i) out.Add(paths[i]);
  out.Close(']');
}

void AddJson(JsonPieces& out, std::string_view name, const MadeList<PathChange>& changes) {
  if (changes.empty()) return;
  out.Open('{', name);
  for (const State& state : ByState(changes)) {
    out.Open('[', state.name);
    for (const std::uint32_t i : state.changes) out.Add(PathJson(changes[i]));
    out.Close(']');
  }
  out.Close('}');
}

}  // namespace

void WriteDataStatusText(const DataStatus& status, const TextSink& sink) {
  Sections out(sink);
  out.Add("Not in cache", {"use \"dvc fetch <file>...\" to download files"}, status.not_in_cache);
  out.Add("Not in remote", {"use \"dvc push <file>...\" to upload files"}, status.not_in_remote);
  out.Add("DVC committed changes", {"git commit the corresponding dvc files to update the repo"}, status.committed);
  out.Add("DVC uncommitted changes",
          {"use \"dvc commit <file>...\" to track changes", "use \"dvc checkout <file>...\" to discard changes"},
          status.uncommitted);
  out.Add("Untracked files", {"use \"git add <file> ...\" or \"dvc add <file>...\" to commit to git or to dvc"},
          status.untracked);
  out.Add("DVC unchanged files", {}, status.unchanged);
  const bool clean = out.empty();
  if (clean) out.AddLine(status.git_empty ? "No changes in an empty git repo." : "No changes.");
  if (status.git_dirty) {
    out.AddLine(fmt::format("(there are {}changes not tracked by dvc, use \"git status\" to see)", clean ? "" : "other "));
  }
}

void WriteDataStatusJson(const DataStatus& status, const TextSink& sink) {
  JsonPieces out(sink);
  out.Open('{');
  AddJson(out, "not_in_cache", status.not_in_cache);
  AddJson(out, "not_in_remote", status.not_in_remote);
  AddJson(out, "committed", status.committed);
  AddJson(out, "uncommitted", status.uncommitted);
  AddJson(out, "untracked", status.untracked);
  AddJson(out, "unchanged", status.unchanged);
  out.Close('}');
}

}  // namespace mlean::metrics

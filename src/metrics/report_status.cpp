#include "metrics/report_status.hpp"

#include <fmt/core.h>

#include "metrics/json_pieces.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr int kStateWidth = 20;

std::string StateLine(int indent, std::string_view state, std::string_view path) {
  return fmt::format("{}{:<{}}{}\n", std::string(static_cast<std::size_t>(indent), '\t'), std::string(state) + ":", kStateWidth,
                     path);
}

void AppendPaths(std::string& out, std::string_view title, const std::vector<PathState>& paths) {
  if (paths.empty()) return;
  out += fmt::format("\t{}:\n", title);
  for (const PathState& path : paths) {
    if (!path.state.empty()) {
      out += StateLine(2, path.state, path.path);
    } else if (!path.keys.empty()) {
      out += fmt::format("\t\t{}:\n", path.path);
      for (const auto& [key, state] : path.keys) out += StateLine(3, state, key);
    }
  }
}

Json PathsJson(std::string_view title, const std::vector<PathState>& paths) {
  Json::Object states;
  for (const PathState& path : paths) {
    if (!path.state.empty()) {
      states.emplace_back(path.path, path.state);
      continue;
    }
    Json::Object keys;
    for (const auto& [key, state] : path.keys) keys.emplace_back(key, state);
    states.emplace_back(path.path, std::move(keys));
  }
  return Json::Object{{std::string(title), std::move(states)}};
}

}  // namespace

bool StageStatus::Changed() const {
  return !changed_deps.empty() || !changed_outs.empty() || changed_command || changed_checksum || always_changed;
}

std::string StatusText(const std::vector<StageStatus>& stages) {
  std::string out;
  for (const StageStatus& stage : stages) {
    if (!stage.Changed()) continue;
    out += stage.stage + ":\n";
    AppendPaths(out, "changed deps", stage.changed_deps);
    AppendPaths(out, "changed outs", stage.changed_outs);
    if (stage.always_changed) out += "\talways changed\n";
    if (stage.changed_command) out += "\tchanged command\n";
    if (stage.changed_checksum) out += "\tchanged checksum\n";
  }
  return out;
}

Json StatusJson(const std::vector<StageStatus>& stages) {
  Json::Object out;
  for (const StageStatus& stage : stages) {
    if (!stage.Changed()) continue;
    Json::Array entries;
    if (!stage.changed_deps.empty()) entries.push_back(PathsJson("changed deps", stage.changed_deps));
    if (!stage.changed_outs.empty()) entries.push_back(PathsJson("changed outs", stage.changed_outs));
    if (stage.always_changed) entries.emplace_back("always changed");
    if (stage.changed_command) entries.emplace_back("changed command");
    if (stage.changed_checksum) entries.emplace_back("changed checksum");
    out.emplace_back(stage.stage, std::move(entries));
  }
  return out;
}

void WriteCloudStatusText(const CloudStates& states, const TextSink& sink) {
  TextPieces out(sink);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const CloudState one = states[i];
    out.Add(StateLine(1, one.state, one.name));
  }
}

void WriteCloudStatusJson(const CloudStates& states, const TextSink& sink) {
  JsonPieces out(sink);
  out.Open('{');
  for (std::size_t i = 0; i < states.size(); ++i) {
    const CloudState one = states[i];
    out.Add(one.name, one.state);
  }
  out.Close('}');
}

std::string UpToDateLine() { return "Data and pipelines are up to date.\n"; }

std::string InSyncLine(std::string_view remote) { return fmt::format("Cache and remote '{}' are in sync.\n", remote); }

std::string EmptyProjectLines() {
  return "There are no data or pipelines tracked in this project yet.\nSee <https://dvc.org/doc/start> to get started!\n";
}

}  // namespace mlean::metrics

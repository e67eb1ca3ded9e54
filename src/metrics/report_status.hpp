// `dvc status` (stages, and cache against remote) as text and JSON. Bytes as DVC's when piped.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "metrics/made_list.hpp"
#include "metrics/text_pieces.hpp"

namespace mlean::metrics {

// The state of one dependency or output: "modified", "new", "deleted", "not in cache", "update available", …; or of the keys of a
// params file, each with its own state.
struct PathState {
  std::string path;
  std::string state;                                      // "" when `keys` tell
  std::vector<std::pair<std::string, std::string>> keys;  // params: {"lr", "modified"}
};

// Only what is changed; a stage without any entry is left out of the report.
struct StageStatus {
  std::string stage;  // "data.dvc", "train", "sub/dvc.yaml:train"
  std::vector<PathState> changed_deps;
  std::vector<PathState> changed_outs;
  bool changed_command = false;
  bool changed_checksum = false;
  bool always_changed = false;
  bool Changed() const;
};

// Empty when nothing changed: then the verb prints one of the messages below. Entries of a stage are in DVC's order: deps, outs,
// always changed, command, checksum.
std::string StatusText(const std::vector<StageStatus>& stages);
// {"train": [{"changed deps": {"data.csv": "modified"}}, "changed command"]}
codec::Json StatusJson(const std::vector<StageStatus>& stages);

// `status -c`: {name, "new" | "deleted" | "missing"}, in order.
struct CloudState {
  std::string name;
  std::string_view state;  // a literal
};
using CloudStates = MadeList<CloudState>;
void WriteCloudStatusText(const CloudStates& states, const TextSink& sink);
void WriteCloudStatusJson(const CloudStates& states, const TextSink& sink);  // without a newline

// What is said when there is nothing to report, each with its line end.
std::string UpToDateLine();                       // stages, all clean
std::string InSyncLine(std::string_view remote);  // -c; DVC says 'None' without a default remote: pass "None"
std::string EmptyProjectLines();                  // no stage at all

}  // namespace mlean::metrics

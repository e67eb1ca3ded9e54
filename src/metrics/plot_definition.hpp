// Which plots a revision has and what they are drawn from: stage outputs marked as plots, top-level `plots:` of dvc.yaml files,
// and targets of the command line, resolved by DVC's rules against the revision's tree.
//
// All paths are relative to the working directory, with "/", normal form ("sub/p.csv", "../p.csv").
//
//   const PlotRevision now = CollectPlots("workspace", definitions, tree, {.targets = args, .props = props});
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "metrics/plot_data.hpp"

namespace mlean::metrics {

// Files of one revision (git tree or workspace, tracked data included), given by the caller. Called from one thread.
class PlotTree {
 public:
  virtual ~PlotTree() = default;
  virtual bool Exists(const std::string& path) const = 0;
  virtual bool IsFolder(const std::string& path) const = 0;
  virtual std::vector<std::string> FilesUnder(const std::string& folder) const = 0;  // at any depth, sorted; paths as above
  virtual Result<std::string> Read(const std::string& path) const = 0;               // kNotFound when absent
};

// Properties of a plot as in dvc.yaml, an object: x, y (text, list or {file: field(s)}), x_label, y_label, title, template,
// header.
using PlotProps = codec::Json;

struct StagePlot {      // an output under `plots:` of a stage
  std::string wdir;     // of the stage
  std::string path;     // as written there
  std::string dvcfile;  // "dvc.yaml", "sub/dvc.yaml"
  PlotProps props;      // {} without any
};

struct NamedPlot {
  std::string id;  // a path or a name
  PlotProps props;
};

struct TopLevelPlots {
  std::string dvcfile;
  std::vector<NamedPlot> plots;  // in order; of an id that occurs twice the last counts
};

struct PlotDefinitions {
  std::vector<TopLevelPlots> top_level;
  std::vector<StagePlot> stages;
};

struct PlotConfig {
  std::string file;  // the dvc.yaml, "" for stage outputs and targets
  std::vector<NamedPlot> plots;
};

struct PlotRevision {
  std::string revision;
  std::vector<PlotConfig> configs;
  std::vector<PlotSource> sources;
  std::optional<FileError> error;  // the definitions could not be read: set by the caller, rest empty
};

struct PlotQuery {
  std::vector<std::string> targets;  // ids or paths; also beginnings of them, and regular expressions; none: all
  PlotProps props;                   // from the command line, over those of definitions: {"x": "step"}; null or {} without any
  ValueParsers parsers;
};

// The files a plot is drawn from: those of y (or the id itself), then the first of x.
std::vector<std::string> PlotSourcePaths(const NamedPlot& plot);

// Resolves definitions, then reads every file they need once.
PlotRevision CollectPlots(std::string revision, const PlotDefinitions& definitions, const PlotTree& tree, const PlotQuery& query);

// "DVC failed to load some plots for following revisions: 'a, b'." and a line end; "" when all is well.
std::string ErroredPlotsLine(const std::vector<PlotRevision>& revisions);

}  // namespace mlean::metrics

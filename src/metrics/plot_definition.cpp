#include "metrics/plot_definition.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <regex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::size_t kMaxPattern = 1'000;  // bytes of a target, and of an id it is matched with, as a regular expression

// Normal form: no ".", no "//", ".." only in front; "" becomes ".".
std::string Normal(std::string_view path) {
  std::vector<std::string> parts;
  const bool rooted = path.starts_with('/');
  for (std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !rooted) {
      parts.push_back(std::move(part));
    }
  }
  const std::string joined = Join(parts, "/");
  return rooted ? "/" + joined : joined.empty() ? "." : joined;
}

std::string Joined(std::string_view folder, std::string_view path) {
  if (path.starts_with('/') || folder.empty()) return Normal(path);
  return Normal(fmt::format("{}/{}", folder, path));
}

std::string Folder(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(file.substr(0, slash));
}

// Python's re.match: the pattern at the beginning of the text. Most targets are plain names.
bool Matches(const std::string& pattern, const std::string& text) {
  if (text.starts_with(pattern)) return true;
  if (pattern.size() > kMaxPattern || text.size() > kMaxPattern) return false;
  if (pattern.find_first_of("*+?[](){}|^$\\") == std::string::npos && pattern.find('.') == std::string::npos) return false;
  try {
    return std::regex_search(text, std::regex(pattern), std::regex_constants::match_continuous);
  } catch (const std::regex_error&) {
    return false;
  }
}

bool Wanted(const std::vector<std::string>& targets, const std::string& config, const std::string& id) {
  const std::string full = config.empty() ? id : config + "::" + id;
  return targets.empty() ||
         std::any_of(targets.begin(), targets.end(), [&](const std::string& t) { return Matches(t, id) || Matches(t, full); });
}

// `over` on top of `props`; what is no object counts as {}.
PlotProps Overlaid(const PlotProps& props, const PlotProps& over) {
  PlotProps out = props.IsObject() ? props : Json(Json::Object{});
  if (over.IsObject()) {
    for (const auto& [key, value] : over.AsObject()) out.Set(key, value);
  }
  return out;
}

// The longest common folder of two paths, in whole segments.
std::string CommonPath(const std::string& a, const std::string& b) {
  const std::vector<std::string> left = Split(a, '/'), right = Split(b, '/');
  std::vector<std::string> common;
  for (std::size_t i = 0; i < std::min(left.size(), right.size()) && left[i] == right[i]; ++i) common.push_back(left[i]);
  return Join(common, "/");
}

std::string ClosestParent(const std::string& path, const std::vector<std::string>& parents) {
  std::string best;
  for (const std::string& parent : parents) {
    std::string common = CommonPath(path, parent);
    if (common.size() > best.size()) best = std::move(common);
  }
  return best;
}

// {file: …} with every file relative to the folder of the dvc.yaml.
Json Rebased(const Json& axis, const std::string& folder) {
  Json::Object out;
  for (const auto& [file, fields] : axis.AsObject()) out.emplace_back(Joined(folder, file), fields);
  return out;
}

class Collector {
 public:
  Collector(std::string revision, const PlotDefinitions& definitions, const PlotTree& tree, const PlotQuery& query)
      : definitions_(definitions), tree_(tree), query_(query) {
    out_.revision = std::move(revision);
  }

  PlotRevision Run() {
    for (const TopLevelPlots& file : definitions_.top_level) {
      Config(file.dvcfile);
      for (std::size_t i = 0; i < file.plots.size(); ++i) {
        const bool again = std::any_of(file.plots.begin() + static_cast<std::ptrdiff_t>(i) + 1, file.plots.end(),
                                       [&](const NamedPlot& other) { return other.id == file.plots[i].id; });
        if (!again) TopLevel(file, file.plots[i]);
      }
    }
    for (const StagePlot& plot : definitions_.stages) {
      const std::string path = Joined(plot.wdir, plot.path);
      if (Wanted(query_.targets, plot.dvcfile, path)) Unpack("", path, Overlaid(plot.props, query_.props));
    }
    for (const std::string& target : query_.targets) {
      if (out_.configs.empty() || tree_.Exists(target)) Unpack("", Normal(target), Overlaid({}, query_.props));
    }
    ReadSources();
    return std::move(out_);
  }

 private:
  PlotConfig& Config(const std::string& file) {
    const auto found =
        std::find_if(out_.configs.begin(), out_.configs.end(), [&](const PlotConfig& config) { return config.file == file; });
    return found != out_.configs.end() ? *found : out_.configs.emplace_back(PlotConfig{file, {}});
  }

  void Add(const std::string& file, const std::string& id, const PlotProps& props) {
    PlotConfig& config = Config(file);
    const auto [at, fresh] = places_.emplace(file + '\0' + id, config.plots.size());
    if (fresh) {
      config.plots.push_back({id, props});
    } else {
      config.plots[at->second].props = Overlaid(config.plots[at->second].props, props);
    }
  }

  std::vector<std::string> FilesAt(const std::string& path) const {
    return tree_.IsFolder(path) ? tree_.FilesUnder(path) : std::vector<std::string>{path};
  }

  void Unpack(const std::string& file, const std::string& path, const PlotProps& props) {
    for (const std::string& data : FilesAt(path)) Add(file, data, props);
  }

  void TopLevel(const TopLevelPlots& file, const NamedPlot& plot) {
    if (!Wanted(query_.targets, file.dvcfile, plot.id)) return;
    const std::string folder = Folder(file.dvcfile);
    const Json* y = plot.props.Find("y");
    if (y != nullptr && y->IsObject()) {
      PlotProps props = plot.props;
      props.Set("y", Rebased(*y, folder));
      if (const Json* x = plot.props.Find("x"); x != nullptr && x->IsObject()) props.Set("x", Rebased(*x, folder));
      return Add(file.dvcfile, plot.id, Overlaid(props, query_.props));
    }
    // A plot of a folder leaves out files that another definition names more closely.
    const std::string path = Joined(folder, plot.id);
    std::vector<std::string> parents;
    for (const NamedPlot& other : file.plots) parents.push_back(Joined(folder, other.id));
    const PlotProps props = Overlaid(plot.props, query_.props);
    for (const std::string& data : FilesAt(path)) {
      if (ClosestParent(data, parents) == path) Add(file.dvcfile, data, props);
    }
  }

  // Whether the file has a header: told by the stage output it is, or the command line.
  bool HasHeader(const std::string& path) const {
    const Json* header = nullptr;
    for (const StagePlot& plot : definitions_.stages) {
      if (Joined(plot.wdir, plot.path) == path && plot.props.Find("header") != nullptr) header = plot.props.Find("header");
    }
    if (const Json* given = query_.props.Find("header")) header = given;
    return header == nullptr || !header->IsBool() || header->AsBool();
  }

  void ReadSources() {
    std::unordered_set<std::string> known;
    for (const PlotConfig& config : out_.configs) {
      for (const NamedPlot& plot : config.plots) {
        for (const std::string& path : PlotSourcePaths(plot)) {
          if (known.insert(path).second) {
            out_.sources.push_back(ReadPlotSource(path, tree_.Read(path), HasHeader(path), query_.parsers));
          }
        }
      }
    }
  }

  const PlotDefinitions& definitions_;
  const PlotTree& tree_;
  const PlotQuery& query_;
  PlotRevision out_;
  std::unordered_map<std::string, std::size_t> places_;  // of a plot in its config, by config and id
};

}  // namespace

std::vector<std::string> PlotSourcePaths(const NamedPlot& plot) {
  std::vector<std::string> paths;
  const auto add = [&](const std::string& path) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  };
  const Json *y = plot.props.Find("y"), *x = plot.props.Find("x");
  if (y != nullptr && y->IsObject()) {
    for (const auto& [file, fields] : y->AsObject()) add(file);
  } else {
    add(plot.id);
  }
  if (x != nullptr && x->IsObject() && !x->AsObject().empty()) add(x->AsObject().front().first);
  return paths;
}

PlotRevision CollectPlots(std::string revision, const PlotDefinitions& definitions, const PlotTree& tree,
                          const PlotQuery& query) {
  return Collector(std::move(revision), definitions, tree, query).Run();
}

std::string ErroredPlotsLine(const std::vector<PlotRevision>& revisions) {
  std::vector<std::string> names;
  for (const PlotRevision& revision : revisions) {
    const bool broken = std::any_of(revision.sources.begin(), revision.sources.end(),
                                    [](const PlotSource& source) { return source.error.has_value(); });
    if (revision.error || broken) names.push_back(revision.revision);
  }
  if (names.empty()) return "";
  return fmt::format("DVC failed to load some plots for following revisions: '{}'.\n", Join(names, ", "));
}

}  // namespace mlean::metrics

#include "metrics/plot.hpp"

#include <map>

#include "metrics/golden_test.hpp"
#include "metrics/plot_output.hpp"

namespace mlean::metrics {
namespace {

using codec::Json;

class MemoryTree : public PlotTree {
 public:
  explicit MemoryTree(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  bool Exists(const std::string& path) const override { return files_.count(path) > 0 || IsFolder(path); }
  bool IsFolder(const std::string& path) const override { return !FilesUnder(path).empty(); }
  std::vector<std::string> FilesUnder(const std::string& folder) const override {
    std::vector<std::string> out;
    for (const auto& [path, bytes] : files_) {
      if (path.starts_with(folder + "/")) out.push_back(path);
    }
    return out;
  }
  Result<std::string> Read(const std::string& path) const override {
    const auto found = files_.find(path);
    if (found == files_.end()) return Fail(Code::kNotFound, "no such file");
    return found->second;
  }

 private:
  std::map<std::string, std::string> files_;
};

MemoryTree Tree(const Json& golden, const std::string& revision) {
  std::map<std::string, std::string> files;
  for (const auto& [path, hex] : golden.Find("files")->Find(revision)->AsObject()) files[path] = Unhex(hex.AsString());
  return MemoryTree(std::move(files));
}

PlotDefinitions Definitions(const Json& golden) {
  PlotDefinitions out;
  for (const Json& file : golden.Find("top_level")->AsArray()) {
    TopLevelPlots& plots = out.top_level.emplace_back();
    plots.dvcfile = Text(file, "dvcfile");
    for (const Json& plot : file.Find("plots")->AsArray()) plots.plots.push_back({Text(plot, "id"), *plot.Find("props")});
  }
  for (const Json& stage : golden.Find("stages")->AsArray()) {
    out.stages.push_back({Text(stage, "wdir"), Text(stage, "path"), Text(stage, "dvcfile"), *stage.Find("props")});
  }
  // The real tool collects files from the root down.
  std::stable_sort(out.stages.begin(), out.stages.end(), [](const auto& a, const auto& b) { return a.dvcfile < b.dvcfile; });
  return out;
}

TemplateFiles Templates(const Json& golden) {
  const Json templates = *golden.Find("templates");
  return [templates](std::string_view name) -> std::optional<std::string> {
    const Json* found = templates.Find(name);
    return found == nullptr ? std::nullopt : std::optional(found->AsString());
  };
}

// The command line of a run, as far as these runs use it.
struct Command {
  bool diff = false, split = false, show_vega = false;
  PlotQuery query{{}, Json(Json::Object{}), {}};

  explicit Command(const std::vector<std::string>& args) {
    diff = args[1] == "diff";
    const std::map<std::string, std::string> with_value = {{"-x", "x"}, {"-y", "y"}, {"--title", "title"}, {"-t", "template"}};
    for (std::size_t i = 2; i < args.size(); ++i) {
      if (with_value.count(args[i]) > 0) {
        query.props.Set(with_value.at(args[i]), args[i + 1]);
        ++i;
      } else if (args[i] == "--no-header") {
        query.props.Set("header", false);
      } else if (args[i] == "--split") {
        split = true;
      } else if (args[i] == "--show-vega") {
        show_vega = true;
      } else if (args[i] != "--json" && !diff) {
        query.targets.push_back(args[i]);
      }
    }
  }
};

// The specifications of built-in templates are ours: left out here as in the golden file.
void DropBuiltIn(Json& shown) {
  Json* data = shown.Find("data");
  if (data == nullptr) return;
  for (auto& [name, plots] : data->AsObject()) {
    for (Json& plot : plots.AsArray()) {
      Json* content = plot.Find("content");
      if (content != nullptr && content->Find("$schema") != nullptr) *content = Json();
    }
  }
}

std::vector<PlotRevision> Collect(const Json& golden, const Command& command) {
  std::vector<PlotRevision> revisions;
  for (const std::string revision : {"workspace", "HEAD"}) {
    if (revision == "HEAD" && !command.diff) continue;
    revisions.push_back(CollectPlots(revision, Definitions(golden), Tree(golden, revision), command.query));
  }
  return revisions;
}

TEST(Plots, JsonAsTheRealToolsForEveryDefinition) {
  int runs = 0;
  for (const Json& golden : GoldenCases("plots.jsonl")) {
    for (const Json& run : golden.Find("runs")->AsArray()) {
      const Command command(Texts(*run.Find("args")));
      SCOPED_TRACE(Text(golden, "name") + ": " + Join(Texts(*run.Find("args")), " "));
      ++runs;
      const std::vector<PlotRevision> revisions = Collect(golden, command);
      const std::vector<Plot> plots = JoinPlots(revisions);
      Result<Json> shown =
          command.show_vega
              ? ShowVega(plots, Templates(golden))
              : PlotsJson(plots, revisions,
                          {.split = command.split, .image_folder = "ROOT/dvc_plots", .templates = Templates(golden)});
      const std::string err = Text(run, "err");
      if (run.Find("code")->AsInt() != 0) {
        ASSERT_FALSE(shown);
        EXPECT_TRUE(err.starts_with("ERROR: unexpected error - " + shown.error().what + "\n")) << shown.error().what << "\n"
                                                                                               << err;
        continue;
      }
      ASSERT_TRUE(shown) << shown.error().what;
      DropBuiltIn(*shown);
      EXPECT_EQ(shown->DumpPython() + "\n", Text(run, "out"));
      const std::string errored = ErroredPlotsLine(revisions);
      EXPECT_EQ(err.find("DVC failed to load some plots") != std::string::npos, !errored.empty()) << err;
      EXPECT_NE(err.find(errored), std::string::npos) << err;
    }
  }
  EXPECT_GT(runs, 90);
}

TEST(Plots, ManyKeysAreJoinedInTime) {
  // Lists of points with very many keys, joined.
  Json::Object a, b;
  for (int i = 0; i < 20'000; ++i) {
    a.emplace_back("a" + std::to_string(i), i);
    b.emplace_back("b" + std::to_string(i), i);
  }
  const Json::Array points = DataPoints(Json::Object{{"a", Json::Array{a}}, {"b", Json::Array{b}}});
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].AsObject().size(), 40'000u);
}

}  // namespace
}  // namespace mlean::metrics

#include "metrics/plot.hpp"
#include "metrics/plot_output.hpp"
#include "metrics/values.hpp"

// Files of metrics and plots: what is read can be compared, joined and drawn. The first byte chooses the kind of file.
namespace {

using namespace mlean::metrics;

class OneFile : public PlotTree {
 public:
  OneFile(std::string path, std::string bytes) : path_(std::move(path)), bytes_(std::move(bytes)) {}
  bool Exists(const std::string& path) const override { return path == path_; }
  bool IsFolder(const std::string&) const override { return false; }
  std::vector<std::string> FilesUnder(const std::string&) const override { return {}; }
  mlean::Result<std::string> Read(const std::string&) const override { return bytes_; }

 private:
  std::string path_;
  std::string bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr const char* kNames[] = {"p.csv", "p.tsv", "p.json", "p.yaml"};
  const std::string path = kNames[data[0] % std::size(kNames)];
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const FileValues metrics = ReadMetrics(path, bytes);
  (void)Flatten(metrics.data);
  (void)ReadParams(path, bytes, {"a.b", "x.0.y"});

  PlotDefinitions definitions;
  definitions.stages.push_back({"", path, "dvc.yaml", mlean::codec::Json::Object{}});
  const OneFile tree(path, bytes);
  const std::vector<PlotRevision> revisions = {CollectPlots("workspace", definitions, tree, {}),
                                               CollectPlots("HEAD", definitions, tree, {})};
  const std::vector<Plot> plots = JoinPlots(revisions);
  (void)PlotsJson(plots, revisions, {.split = true, .image_folder = "/out", .templates = {}});
  (void)PlotsPage(plots, {});
  return 0;
}

#include "pipeline/dvc_file.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/stage_graph.hpp"

namespace {

using namespace mlean::pipeline;

// A project of one params.yaml.
class OneFile : public Source {
 public:
  Kind Look(const std::string& location) override { return location == "params.yaml" ? Kind::kFile : Kind::kNone; }
  mlean::Result<std::string> Read(const std::string&) override { return std::string("a: 1\nl: [1, x]\nd: {k: {v: true}}\n"); }
  mlean::Result<void> Walk(const std::function<mlean::Result<void>(const std::string&)>&,
                           const std::function<bool(const std::string&)>&) override {
    return {};
  }
};

void TakeYaml(std::string_view text, const Place& place) {
  OneFile source;
  const auto yaml = DvcYaml::Parse(text, "dvc.yaml", place, source);
  if (!yaml) return;
  const auto stages = yaml->ResolveAll();
  if (!stages || stages->size() > 1000) return;
  std::vector<const Stage*> pointers;
  for (const Stage& stage : *stages) pointers.push_back(&stage);
  (void)StageGraph::Build(pointers, place);
  for (const Stage& stage : *stages) {
    (void)LockedStage(stage);
    (void)PutStageText(text, "dvc.yaml", stage, place);
  }
}

}  // namespace

// The first byte chooses the file. What is read can be written, and is read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Place place{.root = "/p"};
  switch (data[0] % 3) {
    case 0: TakeYaml(text, place); break;
    case 1: {
      const auto stage = ParseDvcFile(text, "x.dvc", place);
      if (!stage) break;
      const auto written = WriteDvcFile(*stage, place);
      if (written) CHECK_BUG(ParseDvcFile(*written, "x.dvc", place).ok());
      break;
    }
    default: {
      auto lock = DvcLock::Parse(text, "dvc.lock", place);
      if (!lock) break;
      for (const std::string& name : lock->Names()) {
        const mlean::codec::Json entry = *lock->Find(name);
        (void)lock->PutEntry(name, entry);
      }
      (void)lock->PutEntry("new", mlean::codec::Json::Object{{"cmd", "x"}});
      CHECK_BUG(DvcLock::Parse(lock->Text(), "dvc.lock", place).ok());
    }
  }
  return 0;
}

#include "flows/data/freeze.hpp"

#include <fmt/core.h>

#include "pipeline/stage_files.hpp"

namespace mlean::flows {

Result<void> FreezeStage(Repository& repository, const std::string& target, bool frozen) {
  const pipeline::Place& place = repository.place();
  TRY(const pipeline::ParsedTarget parsed, pipeline::ParseTarget(target));
  const std::string file = place.Typed(parsed.file);
  if (!parsed.file.empty() && parsed.name.empty() && pipeline::NameOf(file) == "dvc.yaml") {
    return Fail(Code::kInvalid,
                fmt::format("Stage name not provided.Please specify the name as: `{}:stage_name`", place.Shown(file)));
  }
  TRY(const std::vector<pipeline::Stage*> stages, repository.index().Collect(target, {.accept_group = false}));
  for (pipeline::Stage* stage : stages) {
    stage->frozen = frozen;
    TRYV(pipeline::SaveStages({stage}, place, {.pipeline = true, .lock = false}, repository.say()));
  }
  return {};
}

}  // namespace mlean::flows

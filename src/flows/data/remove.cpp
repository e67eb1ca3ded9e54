#include "flows/data/remove.hpp"

#include <fmt/core.h>

#include <system_error>
#include <vector>

#include "cas/checkout.hpp"
#include "flows/data/data_objects.hpp"
#include "os/files.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// Somebody who names the data instead of its `.dvc` file is told so.
Error NotFound(Repository& repository, const std::string& target, const Error& error) {
  const pipeline::Place& place = repository.place();
  std::error_code ignored;
  if (error.code != Code::kNotFound || !fs::is_regular_file(place.Disk(place.Typed(target + ".dvc")), ignored)) return error;
  return Fail(Code::kNotFound, fmt::format("'{0}' is not a .dvc file. Do you mean '{0}.dvc'?: {1}", target, error.what));
}

}  // namespace

Result<void> RemoveStages(Repository& repository, const std::string& target, bool outs) {
  Result<std::vector<pipeline::Stage*>> stages = repository.index().Collect(target, {.accept_group = false});
  if (!stages) return NotFound(repository, target, stages.error());
  for (const pipeline::Stage* stage : *stages) {
    for (const pipeline::Output& output : stage->outs) {
      if (pipeline::IsUrl(output.location)) continue;
      const fs::path path = repository.place().Disk(output.location);
      std::error_code error;
      const bool exists = fs::exists(fs::symlink_status(path, error));
      if (outs && exists) {
        fs::remove_all(path, error);
        if (error) return Fail(Code::kIo, fmt::format("cannot remove '{}': {}", path.string(), error.message()));
      } else if (exists && output.cache) {
        TRYV(cas::Unprotect(repository.store(), path, repository.work()));
      }
      repository.links().Forget(path);
      if (output.UsesGitIgnore()) TRYV(repository.scm().Unignore(path));
    }
    TRYV(pipeline::RemoveStage(*stage, repository.place()));
  }
  return {};
}

}  // namespace mlean::flows

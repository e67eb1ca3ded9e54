// What `config`, `remote` and `cache dir` share: where they act, and doing what the repo room worked out.
#pragma once

#include <vector>

#include "repo/dvc_config_edit.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// --global, --system, --project, --local
std::vector<OptionSpec> LevelOptions();
// The config files as seen from the working directory. kUsage when more than one level was asked for.
Result<repo::ConfigScene> SceneOf(const Arguments& arguments, const Context& context);
// Prints and writes; the exit status. An error of the edit that DVC's command logs itself exits 1.
Result<int> Carry(const Context& context, const Result<repo::ConfigEdit>& edit);

}  // namespace mlean::verbs

// The parameters that `exp run -S` sets: what the texts of the parameter files become.
#pragma once

#include <string>
#include <vector>

#include "experiments/override.hpp"
#include "flows/data/repository.hpp"

namespace mlean::flows {

// As typed ("lr=1", "conf.json:a.b=2"), by file. Errors: kInvalid "unexpected error - cannot parse 'lr=(': …".
struct ParamOverrides {
  std::string file;  // as typed
  std::vector<experiments::Override> overrides;
};
Result<std::vector<ParamOverrides>> ParseParams(const std::vector<std::string>& typed);
bool HasSweep(const std::vector<ParamOverrides>& params);

struct ParamText {
  std::string location;
  std::string text;
};
// Nothing is written. A file that is not there counts as empty. Errors: kInvalid "Invalid `--set-param` value: …"; files that
// cannot be read; changes that cannot be made in a TOML or Python file.
Result<std::vector<ParamText>> NewParamTexts(Repository& repository, const std::vector<ParamOverrides>& params);
// To the work tree, each file in one step.
Result<void> WriteParams(const Repository& repository, const std::vector<ParamText>& texts);

}  // namespace mlean::flows

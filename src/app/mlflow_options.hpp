// Options of `mlflow server` that `mlean server` has none of: what to say to whoever starts it with their old command line.
#pragma once

#include <vector>

#include "verbs/verb.hpp"

namespace mlean::app {

const std::vector<verbs::ForeignOption>& MlflowOptions();
// Variables that `mlflow server` reads and that change nothing here: one warning each in the log.
void WarnOfMlflowVariables();

}  // namespace mlean::app

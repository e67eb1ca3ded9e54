// Which column is what, from one look at the data: the part of `mlean init --data` that decides. Private to init_project.
#pragma once

#include "flows/init_project.hpp"

namespace mlean::flows {

// Reads the data that plan.data_path (or, when it is still to be copied, request.data) names; fills task, label, classes,
// features, left_out, slices and suite.
Result<void> ChooseColumns(const InitRequest& request, InitPlan& plan);

}  // namespace mlean::flows

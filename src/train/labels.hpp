// Labels: checks, classes and their encoding; and the error texts that name a column. Room-internal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "train/train.hpp"
#include "types/frame.hpp"

namespace mlean::train {

// kInvalid "cannot train on column 'x': <cause>".
Error CannotTrain(std::string_view column, std::string_view cause, std::string fix = {});
// kNotFound with the nearest name.
Result<const types::Column*> FindColumn(const types::Frame& frame, const std::string& name);

// No label is missing or infinite, and the kind fits the task.
Result<void> CheckLabels(const types::Column& label, Task task, std::string_view part);
// Sorted by name (numbers by value); with two, the positive one is second. Empty for regression.
Result<std::vector<std::string>> ClassesOf(const types::Column& label, const TrainSpec& spec);
// Index of the class, or the number itself when `classes` is empty. A label outside `classes` is an error.
Result<std::vector<float>> EncodeLabels(const types::Column& label, const std::vector<std::string>& classes,
                                        std::string_view part);

}  // namespace mlean::train

#include "train/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"

namespace mlean::train {

namespace {

using types::Column;
using types::Kind;

constexpr std::size_t kMaxClasses = 1000;

std::string NumberName(const Column& label, double value) {
  if (label.kind == Kind::kBool) return value != 0 ? "true" : "false";
  return FormatDouble(value);
}

// "missing" labels of the training rows need no adjective in the text.
std::string LabelsOf(std::string_view part) { return part == "training" ? "labels" : fmt::format("{} labels", part); }

}  // namespace

Error CannotTrain(std::string_view column, std::string_view cause, std::string fix) {
  return Fail(Code::kInvalid, fmt::format("cannot train on column '{}': {}", column, cause), std::move(fix));
}

Result<const Column*> FindColumn(const types::Frame& frame, const std::string& name) {
  if (const Column* found = frame.Find(name)) return found;
  std::vector<std::string> names;
  for (const Column& column : frame.columns) names.push_back(column.name);
  const std::string near = Nearest(name, names);
  return Fail(Code::kNotFound, fmt::format("cannot train on column '{}': there is no such column", name),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

Result<void> CheckLabels(const Column& label, Task task, std::string_view part) {
  if (label.kind == Kind::kTime) return CannotTrain(label.name, "a time cannot be a label");
  if (task == Task::kRegression && label.kind == Kind::kText) {
    return CannotTrain(label.name, "its labels are text, a regression needs numbers", "set the task to classification");
  }
  std::size_t missing = 0;
  std::size_t first = 0;
  for (std::size_t row = 0; row < label.size(); ++row) {
    if (!label.Missing(row)) continue;
    if (missing++ == 0) first = row;
  }
  if (missing > 0) {
    return CannotTrain(label.name,
                       fmt::format("{} of {} {} are missing, first at row {}", missing, label.size(), LabelsOf(part), first),
                       "filter them in the feature query");
  }
  if (label.kind != Kind::kReal) return {};
  for (std::size_t row = 0; row < label.size(); ++row) {
    const double value = label.reals[row];
    if (std::isinf(static_cast<float>(value)))
      return CannotTrain(label.name, fmt::format("the label of row {} is infinite", row));
    if (task == Task::kClassification && value != std::floor(value)) {
      return CannotTrain(label.name,
                         fmt::format("label '{}' at row {} is no class: classes are text or whole numbers", value, row),
                         "set the task to regression");
    }
  }
  return {};
}

Result<std::vector<std::string>> ClassesOf(const Column& label, const TrainSpec& spec) {
  std::vector<std::string> classes;
  if (spec.task == Task::kRegression) return classes;
  if (label.kind == Kind::kText) {
    std::vector<bool> used(label.words.size(), false);
    for (const std::int32_t code : label.codes) used[static_cast<std::size_t>(code)] = true;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i]) classes.push_back(label.words[i]);
    }
    std::sort(classes.begin(), classes.end());
  } else {
    std::set<double> values;
    for (std::size_t row = 0; row < label.size() && values.size() <= kMaxClasses; ++row) values.insert(label.Number(row));
    for (const double value : values) classes.push_back(NumberName(label, value));
  }
  if (classes.size() < 2) {
    return CannotTrain(label.name, fmt::format("all labels are '{}', a classifier needs at least 2 classes", classes.front()));
  }
  if (classes.size() > kMaxClasses) {
    return CannotTrain(label.name, fmt::format("it has over {} classes", kMaxClasses), "set the task to regression");
  }
  if (spec.positive.empty()) return classes;
  const auto positive = std::find(classes.begin(), classes.end(), spec.positive);
  if (classes.size() != 2 || positive == classes.end()) {
    return CannotTrain(label.name, fmt::format("'{}' is not one of two classes: {}", spec.positive, Join(classes, ", ")));
  }
  if (positive == classes.begin()) std::swap(classes[0], classes[1]);
  return classes;
}

Result<std::vector<float>> EncodeLabels(const Column& label, const std::vector<std::string>& classes, std::string_view part) {
  std::vector<float> labels(label.size());
  if (classes.empty()) {
    for (std::size_t row = 0; row < labels.size(); ++row) labels[row] = static_cast<float>(label.Number(row));
    return labels;
  }
  std::unordered_map<std::string, float> index;
  for (std::size_t i = 0; i < classes.size(); ++i) index.emplace(classes[i], static_cast<float>(i));
  const auto unknown = [&](const std::string& name, std::size_t row) {
    return CannotTrain(label.name, fmt::format("{} label '{}' at row {} does not occur in the training rows", part, name, row));
  };
  std::unordered_map<double, float> by_number;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (label.kind == Kind::kText) {
      const std::string& name = label.words[static_cast<std::size_t>(label.codes[row])];
      const auto found = index.find(name);
      if (found == index.end()) return unknown(name, row);
      labels[row] = found->second;
      continue;
    }
    const double value = label.Number(row);
    auto known = by_number.find(value);
    if (known == by_number.end()) {
      const auto found = index.find(NumberName(label, value));
      if (found == index.end()) return unknown(NumberName(label, value), row);
      known = by_number.emplace(value, found->second).first;
    }
    labels[row] = known->second;
  }
  return labels;
}

}  // namespace mlean::train

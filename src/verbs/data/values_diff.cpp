#include "verbs/data/values_diff.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <utility>

#include "repo/dvc_error.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> ValuesDiffOptions(const char* files) {
  return {Positional("OLD", "the older revision; HEAD", false),
          Positional("NEW", "the newer one; the work tree", false),
          ListOption("--targets", "PATH", files),
          Flag("--all", "show also what has not changed"),
          Flag("--md", "as a Markdown table"),
          Flag("--no-path", "without the file's column")};
}

flows::ValuesDiffRequest ReadValuesDiff(const Arguments& arguments) {
  flows::ValuesDiffRequest request;
  request.old_revision = arguments.Text("OLD", request.old_revision);
  request.new_revision = arguments.Text("NEW", request.new_revision);
  request.targets = arguments.List("targets");
  return request;
}

namespace {

// The type of a date that the difference shows, "" without one: Python's JSON has none.
std::string DateShown(const std::vector<metrics::FileDiff>& diff, const flows::ValuesToCompare& sides) {
  for (const metrics::FileDiff& file : diff) {
    for (const metrics::RevisionValues* side : {&sides.old_values, &sides.new_values}) {
      for (const metrics::FileValues& values : side->files) {
        if (values.path != file.path) continue;
        for (const metrics::ValueChange& change : file.changes) {
          const auto date = values.dates.find(change.name);
          if (date != values.dates.end()) return date->second;
        }
      }
    }
  }
  return {};
}

}  // namespace

Result<int> PrintValuesDiff(const flows::ValuesToCompare& sides, const Arguments& arguments, const Context& context,
                            metrics::DiffOptions options) {
  const std::vector<metrics::FileDiff> diff = metrics::DiffValues(sides.old_values, sides.new_values, arguments.Has("all"));
  fmt::print(stderr, "{}", metrics::ErroredLine({sides.old_values, sides.new_values}));
  if (context.json) {
    const std::string date = DateShown(diff, sides);
    if (!date.empty()) return repo::UnexpectedFailure(fmt::format("Object of type {} is not JSON serializable", date));
    PrintLine(metrics::DiffJson(diff).DumpPython());
    return 0;
  }
  options.old_name = sides.old_values.revision;
  options.new_name = sides.new_values.revision;
  options.markdown = arguments.Has("md");
  options.no_path = arguments.Has("no-path");
  Print(metrics::DiffText(diff, options));
  return 0;
}

}  // namespace mlean::verbs

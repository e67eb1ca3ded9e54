#include "verbs/data/values_diff.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <utility>

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

int PrintValuesDiff(const flows::ValuesToCompare& sides, const Arguments& arguments, const Context& context,
                    metrics::DiffOptions options) {
  const std::vector<metrics::FileDiff> diff = metrics::DiffValues(sides.old_values, sides.new_values, arguments.Has("all"));
  fmt::print(stderr, "{}", metrics::ErroredLine({sides.old_values, sides.new_values}));
  if (context.json) {
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

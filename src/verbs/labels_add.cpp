// mlean labels add: late truth about earlier predictions.
#include <fmt/core.h>

#include "flows/add_labels.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> LabelsAdd(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const auto labels, flows::ReadLabelFile(context.directory / arguments.Text("FILE")));
  TRY(const predictions::LabelCounts counts, flows::AddLabels(workspace, arguments.Text("MODEL"), labels));
  if (context.json) {
    PrintJson(codec::Json::Object{{"added", counts.added}, {"changed", counts.changed}, {"same", counts.same}});
  } else {
    PrintLine(fmt::format("{} labels added, {} changed, {} known", counts.added, counts.changed, counts.same));
  }
  return 0;
}

}  // namespace

VerbSpec LabelsAddVerb() {
  return {.words = {"labels", "add"},
          .summary = "add true labels to earlier predictions",
          .description =
              "The file has the columns id (the prediction's request id) and label, and may have row and time. Adding a label "
              "again changes nothing; another label for the same prediction replaces it and the old one is kept.",
          .options = {Positional("MODEL", "the model's name"), Positional("FILE", "CSV, Parquet or JSON lines")},
          .examples = {"mlean labels add arrival-delay labels.csv"},
          .exit_codes = "0 done · 1 failed · 2 usage · 4 the file does not exist",
          .run = LabelsAdd};
}

}  // namespace mlean::verbs

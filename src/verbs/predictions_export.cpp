// mlean predictions export: the prediction log joined with its labels, as a file.
#include <fmt/core.h>

#include <limits>

#include "base/text.hpp"
#include "flows/export_predictions.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> PredictionsExport(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TimeMs from = std::numeric_limits<TimeMs>::min();
  TimeMs to = std::numeric_limits<TimeMs>::max();
  if (arguments.Has("from")) {
    TRY(from, ParseTime(arguments.Text("from")));
  }
  if (arguments.Has("to")) {
    TRY(to, ParseTime(arguments.Text("to")));
  }
  const std::filesystem::path file = context.directory / arguments.Text("output");
  TRY(const std::int64_t rows, flows::ExportPredictions(workspace, arguments.Text("MODEL"), from, to, file));
  if (context.json) {
    PrintJson(codec::Json::Object{{"rows", rows}, {"file", file.string()}});
  } else {
    PrintLine(fmt::format("{} predictions in {}", HumanCount(static_cast<std::uint64_t>(rows)), arguments.Text("output")));
  }
  return 0;
}

}  // namespace

VerbSpec PredictionsExportVerb() {
  return {
      .words = {"predictions", "export"},
      .summary = "write the prediction log, joined with its labels, as a table",
      .description =
          "Columns: id, row, time, version, variant, status, latency_us, input_hash, prediction, label, label_arrived, then the "
          "features as they were asked.",
      .options = {Positional("MODEL", "the model's name"), Required(ValueOption("-o,--output", "FILE", "Parquet or .csv")),
                  ValueOption("--from", "TIME", "from this event time"),
                  ValueOption("--to", "TIME", "until before this event time")},
      .examples = {"mlean predictions export arrival-delay --from 2013-07-01 --to 2013-08-01 -o july.parquet"},
      .run = PredictionsExport};
}

}  // namespace mlean::verbs

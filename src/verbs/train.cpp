// mlean train: gradient-boosted trees from a table, natively.
#include <fmt/core.h>

#include <cstdlib>

#include "base/text.hpp"
#include "flows/train_model.hpp"
#include "os/terminal.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

std::vector<std::string> Names(const Arguments& arguments, std::string_view option) {
  std::vector<std::string> names;
  for (const std::string& item : arguments.List(option)) {
    for (std::string& name : Split(item, ',')) names.push_back(std::string(Trim(name)));
  }
  return names;
}

Result<int> Train(const Arguments& arguments, Context& context) {
  // Waiting OpenMP threads spin by default: where cores are shared, training a small table took ten times as long.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  flows::TrainRequest request;
  request.data = context.directory / arguments.Text("DATA");
  if (arguments.Has("test")) request.test = context.directory / arguments.Text("test");
  request.model = context.directory / arguments.Text("model");
  if (arguments.Has("metrics")) request.metrics = context.directory / arguments.Text("metrics");
  request.params = context.directory / arguments.Text("params", "params.yaml");
  request.section = arguments.Text("section", "train");
  request.task = arguments.Text("task");
  request.label = arguments.Text("label");
  request.time = arguments.Text("time");
  request.features = Names(arguments, "features");
  request.exclude = Names(arguments, "exclude");
  request.positive = arguments.Text("positive");
  request.slices = Names(arguments, "slices");
  os::Progress progress("training", 0);
  if (!context.quiet) request.on_round = [&](const train::RoundScore&) { progress.Advance(1); };
  TRY(const flows::TrainedModel trained, flows::TrainFromFile(request));
  progress.Finish();
  for (const std::string& warning : trained.outcome.warnings) Note(context, "warning: " + warning);
  if (context.json) {
    PrintJson(trained.metrics);
    return 0;
  }
  const train::TrainOutcome& outcome = trained.outcome;
  PrintLine(fmt::format("{}: {} rows, {} features, best round {} of {}, {} {:.4f}, {:.2f} s", arguments.Text("model"),
                        HumanCount(outcome.train_rows), outcome.features.size(), outcome.best_round + 1, outcome.history.size(),
                        outcome.best_metric, outcome.best_score, static_cast<double>(outcome.wall_ms) / 1000));
  for (const auto& [name, value] : trained.metrics.AsObject()) {
    if (value.IsNumber()) PrintLine(fmt::format("  {:<20} {:.4f}", name, value.AsDouble()));
  }
  return 0;
}

}  // namespace

VerbSpec TrainVerb() {
  VerbSpec spec;
  spec.words = {"train"};
  spec.summary = "train gradient-boosted trees on a table";
  spec.description =
      "Text columns become categories, missing values stay missing. The newest part of the data (with --time; else a fixed "
      "random part) "
      "decides when to stop. The model file is XGBoost's own UBJSON and carries its columns and classes.";
  spec.options = {Positional("DATA", "labelled table: Parquet, CSV, JSON lines"),
                  Required(ValueOption("--label", "COLUMN", "what to predict")),
                  Required(ValueOption("--model", "FILE", "the model file to write (.ubj)")),
                  ValueOption("--metrics", "FILE", "metrics file to write (JSON)"),
                  ValueOption("--test", "DATA", "labelled rows to measure on; never trained on"),
                  ValueOption("--time", "COLUMN", "event time: the newest rows are held back for early stopping"),
                  ValueOption("--task", "TASK", "classification or regression; default: by the label"),
                  ValueOption("--positive", "CLASS", "two classes: the one whose probability is answered"),
                  Repeated("--features", "A,B", "columns to learn from; default: all but label and time"),
                  Repeated("--exclude", "A,B", "columns to leave out, such as keys"),
                  Repeated("--slices", "A,B", "columns to measure by"),
                  ValueOption("--params", "FILE", "parameters", "params.yaml"),
                  ValueOption("--section", "NAME", "their section in that file", "train")};
  spec.examples = {
      "mlean train data/train.parquet --label late --time time_hour --test data/test.parquet --model model/late.ubj --metrics "
      "metrics.json"};
  spec.exit_codes = "0 done · 1 failed · 2 usage · 4 a file or column does not exist";
  spec.run = Train;
  return spec;
}

}  // namespace mlean::verbs

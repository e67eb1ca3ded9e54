// mlean predict: answers for every row of a file.
#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/champion.hpp"
#include "flows/predict_file.hpp"
#include "os/files.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// A file, or a registered model: NAME, NAME@ALIAS, NAME/versions/N.
Result<std::shared_ptr<const infer::Model>> FindModel(const std::string& reference, const Context& context) {
  if (os::Exists(context.directory / reference)) return infer::Model::Load((context.directory / reference).string());
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  Result<registry::ModelVersion> version =
      workspace.db->Read([&](sql::Conn& conn) { return registry::Resolve(conn, reference); });
  if (!version) return std::move(version).error().With(fmt::format("cannot predict with '{}': there is no such file", reference));
  return flows::LoadVersion(*version);
}

Result<int> PredictRun(const Arguments& arguments, Context& context) {
  TRY(const auto model, FindModel(arguments.Text("MODEL"), context));
  TRY(const std::int64_t rows,
      flows::PredictFile(*model, context.directory / arguments.Text("DATA"), context.directory / arguments.Text("output")));
  if (context.json) {
    PrintJson(codec::Json::Object{{"rows", rows}, {"file", arguments.Text("output")}});
  } else {
    PrintLine(fmt::format("{} rows in {}", HumanCount(static_cast<std::uint64_t>(rows)), arguments.Text("output")));
  }
  return 0;
}

}  // namespace

VerbSpec PredictVerb() {
  return {.words = {"predict"},
          .summary = "predict every row of a file",
          .options = {Positional("MODEL", "a model file, or a registered NAME, NAME@ALIAS, NAME/versions/N"),
                      Positional("DATA", "CSV, Parquet, JSON lines"),
                      Required(ValueOption("-o,--output", "FILE", "Parquet or .csv"))},
          .examples = {"mlean predict arrival-delay july.parquet -o answers.parquet"},
          .exit_codes = "0 done · 1 failed · 2 usage · 4 no such model or file",
          .run = PredictRun};
}

}  // namespace mlean::verbs

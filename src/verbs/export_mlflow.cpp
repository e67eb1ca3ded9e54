// mlean export mlflow TO.
#include <fmt/core.h>

#include <memory>

#include "base/text.hpp"
#include "flows/export_mlflow/export.hpp"
#include "os/terminal.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;

constexpr std::string_view kSqlite = "sqlite:///";

Result<flows::export_mlflow::Options> OptionsOf(const Arguments& arguments, const Context& context) {
  const std::string to = arguments.Text("TO");
  flows::export_mlflow::Options options;
  if (to.starts_with(kSqlite)) {
    options.database = (context.directory / to.substr(kSqlite.size())).lexically_normal();
  } else if (to.find("://") != to.npos) {
    return Fail(Code::kUsage, fmt::format("cannot export to '{}': expected a folder or sqlite:///PATH", to),
                "mlean export mlflow sqlite:///mlflow.db");
  } else {
    options.database = (context.directory / to / "mlflow.db").lexically_normal();
  }
  options.artifacts = arguments.Has("artifacts") ? (context.directory / arguments.Text("artifacts")).lexically_normal()
                                                 : options.database.parent_path() / "mlartifacts";
  options.artifact_root = arguments.Text("artifact-root", options.artifacts.string());
  while (options.artifact_root.ends_with("/")) options.artifact_root.pop_back();
  return options;
}

Result<int> ExportMlflow(const Arguments& arguments, Context& context) {
  TRY(flows::export_mlflow::Options options, OptionsOf(arguments, context));
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  options.cancelled = interrupt->flag();
  auto line = context.quiet ? nullptr : std::make_shared<os::Progress>("exported", 0);
  options.progress = [line](std::string_view, std::int64_t) {
    if (line) line->Advance();
  };
  const Result<flows::export_mlflow::Report> report = flows::export_mlflow::Export(workspace, options);
  options.progress = nullptr;
  line.reset();
  if (!report) return report.error();
  if (context.json) {
    PrintJson(Json::Object{{"database", options.database.string()},
                           {"artifacts", options.artifacts.string()},
                           {"experiments", report->experiments},
                           {"runs", report->runs},
                           {"points", report->points},
                           {"logged_models", report->logged_models},
                           {"registered_models", report->registered_models},
                           {"versions", report->versions},
                           {"files", report->files},
                           {"bytes", report->bytes}});
    return 0;
  }
  const auto count = [](std::int64_t number) { return HumanCount(static_cast<std::uint64_t>(number)); };
  PrintLine(fmt::format("{}: {} experiments, {} runs, {} metric points, {} logged models, {} model versions",
                        options.database.string(), count(report->experiments), count(report->runs), count(report->points),
                        count(report->logged_models), count(report->versions)));
  PrintLine(fmt::format("{}: {} files, {}", options.artifacts.string(), count(report->files),
                        HumanBytes(static_cast<std::uint64_t>(report->bytes))));
  PrintLine(fmt::format("next: mlflow db upgrade sqlite:///{}", options.database.string()));
  return 0;
}

}  // namespace

VerbSpec ExportMlflowVerb() {
  return {
      .words = {"export", "mlflow"},
      .summary = "write the tracking store and registry as one that MLflow opens",
      .description =
          "A SQLite database with the schema of MLflow 3.0 (Alembic revision 6953534de441) and a folder of artifacts. Later "
          "releases open it after `mlflow db upgrade`. Deleted runs and experiments are in it as deleted.",
      .options = {Positional("TO", "a folder, for mlflow.db and mlartifacts in it, or sqlite:///PATH"),
                  ValueOption("--artifacts", "DIR", "where the files go", "mlartifacts beside the database"),
                  ValueOption("--artifact-root", "URI",
                              "what addresses of files begin with; mlflow-artifacts: for a server with --artifacts-destination",
                              "the folder of the files")},
      .examples = {"mlean export mlflow out && mlflow db upgrade sqlite:///out/mlflow.db",
                   "mlean export mlflow sqlite:///out/mlflow.db --artifact-root mlflow-artifacts:"},
      .exit_codes = "0 done · 1 failed, or the database is there already · 2 usage · 130 interrupted",
      .run = ExportMlflow};
}

}  // namespace mlean::verbs

// mlean migrate mlflow FROM.
#include <fmt/core.h>

#include <memory>

#include "base/text.hpp"
#include "flows/migrate_mlflow/migrate.hpp"
#include "os/terminal.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;
using flows::migrate_mlflow::CountLine;
using flows::migrate_mlflow::Report;

constexpr int kInPart = 3;

// A progress line for each kind of work.
class Bar {
 public:
  explicit Bar(bool on) : on_(on) {}
  void Show(std::string_view what, std::int64_t done, std::int64_t total) {
    if (!on_) return;
    if (what != what_) {
      what_ = what;
      line_ = std::make_unique<os::Progress>(std::string(what), total);
    }
    line_->Set(done);
  }

 private:
  const bool on_;
  std::string what_;
  std::unique_ptr<os::Progress> line_;
};

bool InPart(const Report& report) { return !report.complete || report.refused > 0 || report.files_missing > 0; }

Json ReportJson(const Report& report, bool preview) {
  Json counts = Json::Object{};
  for (const CountLine& line : report.counts) counts.Set(line.what, Json::Object{{"source", line.source}, {"here", line.target}});
  Json left_out = Json::Array{};
  for (const std::string& one : report.left_out) left_out.Push(one);
  Json out = Json::Object{{"source", report.source}, {"counts", std::move(counts)}, {"left_out", std::move(left_out)}};
  if (preview) return out;
  Json refused = Json::Array{};
  for (const std::string& one : report.refused_files) refused.Push(one);
  out.Set("complete", report.complete);
  out.Set("same_points", report.same_points);
  out.Set("removed_here_since", report.removed);
  out.Set("changes", Json::Object{{"brought", report.changes.brought}, {"kept", report.changes.kept}});
  Json refused_changes = Json::Array{};
  for (const std::string& one : report.refused_changes) refused_changes.Push(one);
  out.Set("refused_changes", std::move(refused_changes));
  out.Set("files", report.files);
  out.Set("bytes", report.bytes);
  out.Set("files_elsewhere", report.files_elsewhere);
  out.Set("files_missing", report.files_missing);
  out.Set("refused", report.refused);
  out.Set("refused_files", std::move(refused));
  out.Set("rows", report.rows);
  out.Set("seconds", report.seconds);
  return out;
}

void PrintCounts(const Report& report) {
  PrintLine(report.source);
  PrintLine(fmt::format("  {:<22} {:>14} {:>14}", "", "there", "here"));
  for (const CountLine& line : report.counts) {
    PrintLine(fmt::format("  {:<22} {:>14} {:>14}{}", line.what,
                          HumanCount(static_cast<std::uint64_t>(std::max<std::int64_t>(line.source, 0))),
                          HumanCount(static_cast<std::uint64_t>(line.target)), line.target < line.source ? "  missing" : ""));
  }
  for (const std::string& one : report.left_out) PrintLine("  left out: " + one);
}

void PrintReport(const Report& report) {
  PrintCounts(report);
  if (report.same_points > 0)
    PrintLine(fmt::format("  {} of the metric points are there more than once; they are kept once",
                          HumanCount(static_cast<std::uint64_t>(report.same_points))));
  if (report.removed > 0) PrintLine(fmt::format("  {} runs have been deleted for good here since", report.removed));
  if (report.changes.brought > 0) PrintLine(fmt::format("  {} changes since the last call came over", report.changes.brought));
  if (report.changes.kept > 0)
    PrintLine(fmt::format("  {} things have changed there and here; they stay as they are here", report.changes.kept));
  for (const std::string& one : report.refused_changes) PrintLine("  refused: " + OneLine(one));
  PrintLine(fmt::format("  files: {} copied ({})", HumanCount(static_cast<std::uint64_t>(report.files)),
                        HumanBytes(static_cast<std::uint64_t>(report.bytes))));
  if (report.files_elsewhere > 0)
    PrintLine(fmt::format("  files of {} runs and models lie elsewhere; their addresses are kept", report.files_elsewhere));
  if (report.files_missing > 0) {
    PrintLine(fmt::format("  files of {} runs and models are not to be found; name the server's folder: --artifacts mlartifacts",
                          report.files_missing));
  }
  for (const std::string& one : report.refused_files) PrintLine("  not copied: " + OneLine(one));
  if (report.refused > static_cast<std::int64_t>(report.refused_files.size()))
    PrintLine(fmt::format("  not copied: {} more", report.refused - static_cast<std::int64_t>(report.refused_files.size())));
  const double rate = report.seconds > 0 ? static_cast<double>(report.rows) / report.seconds : 0;
  PrintLine(fmt::format("{}: {} rows in {:.1f} s ({} rows/s)", InPart(report) ? "migrated in part" : "migrated",
                        HumanCount(static_cast<std::uint64_t>(report.rows)), report.seconds,
                        HumanCount(static_cast<std::uint64_t>(rate))));
}

flows::migrate_mlflow::Options OptionsOf(const Arguments& arguments, const Context& context) {
  flows::migrate_mlflow::Options options;
  options.from = arguments.Text("FROM");
  options.directory = context.directory;
  if (arguments.Has("artifacts")) options.artifacts = context.directory / arguments.Text("artifacts");
  if (arguments.Has("prefix")) options.prefix = arguments.Text("prefix");
  options.files = !arguments.Has("no-artifacts");
  return options;
}

Result<int> PreviewMigration(const flows::migrate_mlflow::Options& options, const Context& context) {
  // Nothing is made where there is nothing yet.
  const Result<flows::Workspace> workspace = flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor());
  if (!workspace && workspace.error().code != Code::kNotFound) return workspace.error();
  TRY(const Report report, flows::migrate_mlflow::Preview(workspace ? &*workspace : nullptr, options));
  if (context.json) PrintJson(ReportJson(report, true));
  if (!context.json) PrintCounts(report);
  return 0;
}

Result<int> MigrateMlflow(const Arguments& arguments, Context& context) {
  flows::migrate_mlflow::Options options = OptionsOf(arguments, context);
  if (arguments.Has("dry-run")) return PreviewMigration(options, context);
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor(), true));
  options.cancelled = interrupt->flag();
  const auto bar = std::make_shared<Bar>(!context.quiet);
  options.progress = [bar](std::string_view what, std::int64_t done, std::int64_t total) { bar->Show(what, done, total); };
  Result<Report> report = flows::migrate_mlflow::Migrate(workspace, options);
  options.progress = nullptr;
  if (!report) return std::move(report).error();
  if (context.json) PrintJson(ReportJson(*report, false));
  if (!context.json) PrintReport(*report);
  return InPart(*report) ? kInPart : 0;
}

}  // namespace

VerbSpec MigrateMlflowVerb() {
  return {.words = {"migrate", "mlflow"},
          .summary = "bring an MLflow tracking store and registry in",
          .description =
              "Experiments, runs with all points of their metrics, datasets, logged models, registered models with versions and "
              "aliases, files; deleted ones too, with their ids. It can be stopped at any time: the same command goes on. Run "
              "again later, it brings what is new. What it brought is counted there and here at the end.",
          .options = {Positional("FROM", "sqlite:///mlflow.db, a folder such as ./mlruns, or http://host:port of a server"),
                      ValueOption("--artifacts", "DIR", "the folder that `mlflow server` keeps artifacts in",
                                  "mlartifacts beside the database"),
                      Flag("--no-artifacts", "bring no files; a later call without it does"),
                      ValueOption("--prefix", "TEXT", "in front of the names of experiments and registered models"),
                      Flag("--dry-run", "count what is there and look for names that are taken; change nothing")},
          .examples = {"mlean migrate mlflow sqlite:///mlflow.db", "mlean migrate mlflow ./mlruns --dry-run",
                       "MLFLOW_TRACKING_TOKEN=… mlean migrate mlflow https://mlflow.example.com --prefix old-"},
          .exit_codes =
              "0 all of it is here · 1 failed · 2 usage · 3 something is missing: the report says what · 4 no such store · "
              "5 another migration runs · 130 interrupted",
          .run = MigrateMlflow};
}

}  // namespace mlean::verbs

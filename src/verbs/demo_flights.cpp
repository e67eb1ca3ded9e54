// mlean demo flights: a year of 336,776 departures lived through in a minute.
#include <fmt/core.h>
#include <unistd.h>

#include <chrono>

#include "os/files.hpp"
#include "os/signals.hpp"
#include "os/terminal.hpp"
#include "verbs/demo/world.hpp"
#include "verbs/demo/year_summary.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> DemoFlights(const Arguments& arguments, Context& context) {
  const auto start = std::chrono::steady_clock::now();
  std::optional<os::TempDir> temp;
  demo::WorldOptions options;
  options.quiet = context.quiet;
  if (arguments.Has("keep")) {
    options.folder = context.directory / arguments.Text("keep");
  } else {
    TRY(temp, os::TempDir::Make("mlean-demo"));
    options.folder = temp->path();
  }
  TRY(const auto world, demo::World::Open(options));
  TRYV(world->LiveTheYear());
  TRY(flows::Workspace workspace, flows::OpenWorkspace(world->project(), world->clock(), flows::CliActor()));
  TRY(const codec::Json summary, demo::SummarizeYear(workspace));
  const std::filesystem::path report = (temp ? context.directory : options.folder) / "mlean-demo.html";
  TRYV(os::WriteFileAtomic(report, demo::YearHtml(summary)));
  if (context.json) {
    PrintJson(summary);
  } else {
    Print(demo::YearTable(summary, os::ColourWanted(STDOUT_FILENO)));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    PrintLine(fmt::format("{} predictions answered, {:.1f} s\n\nreport:  {}", world->requests_sent(), seconds, report.string()));
    if (!temp) {
      PrintLine(fmt::format("project: {}\n  mlean -C {} loop history\n  mlean -C {} audit log", world->project().string(),
                            world->project().string(), world->project().string()));
    } else {
      PrintLine("keep the project to look around in it: mlean demo flights --keep DIR [--serve]");
    }
  }
  if (!arguments.Has("serve")) return 0;
  TRY(os::StopSignals stop, os::StopSignals::Block());
  PrintLine(fmt::format("serving at {} until Ctrl-C", world->url()));
  std::fflush(stdout);
  while (stop.Wait(-1) == 0) {
  }
  return 0;
}

}  // namespace

VerbSpec DemoFlightsVerb() {
  return {
      .words = {"demo", "flights"},
      .summary = "live through a year of flights: drift, retraining, canaries, a bad delivery, a bad candidate",
      .description =
          "Makes a git project, starts the server and plays the world around it on a simulated clock: callers, airports, a team "
          "of two. Every decision is the program's. A demo that was interrupted goes on with --keep DIR.",
      .options = {ValueOption("--keep", "DIR", "keep the project here; default: a temporary folder"),
                  Flag("--serve", "leave the server running at the end")},
      .examples = {"mlean demo flights", "mlean demo flights --keep /tmp/flights --serve", "mlean demo flights --json"},
      .run = DemoFlights};
}

}  // namespace mlean::verbs

#include "verbs/data/plots_options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "flows/data/plots.hpp"
#include "metrics/page_scripts.hpp"
#include "metrics/plot_output.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "verbs/data/dvc_command.hpp"

namespace mlean::verbs {
namespace fs = std::filesystem;
namespace {

fs::path OutFolder(const flows::Repository& repository, const Arguments& arguments) {
  const std::string& configured = repository.config().plots.out_dir;
  return (repository.directory() / arguments.Text("out", configured.empty() ? "dvc_plots" : configured)).lexically_normal();
}

Result<void> WriteImages(const std::vector<metrics::Plot>& plots, const fs::path& folder) {
  for (const metrics::Plot& plot : plots) {
    for (const metrics::PlotImage& image : plot.images) {
      TRYV(os::MakeDirs(folder));
      TRYV(os::WriteFileAtomic(folder / metrics::ImageFileName(image), image.bytes, {.sync = false}));
    }
  }
  return {};
}

// "file:///a/b%20c".
std::string FileUri(const fs::path& path) {
  constexpr std::string_view kPlain = "-._~/";
  std::string uri = "file://";
  for (const char c : path.string()) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kPlain.find(c) != kPlain.npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

int OpenInBrowser(const std::string& uri) {
  const char* const browser = std::getenv("BROWSER");
  const std::string program = browser != nullptr && *browser != '\0' ? browser : "xdg-open";
  constexpr std::int64_t kPatienceMs = 10'000;
  os::ProcessSpec spec;
  spec.argv = {program, uri};
  spec.capture = true;
  spec.timeout_ms = kPatienceMs;
  const Result<os::ProcessOutcome> done = os::RunProcess(spec);
  if (done && done->Ok()) return 0;
  fmt::print(stderr, "Failed to open {}. Please try opening it manually.\n", uri);
  return 1;
}

Result<std::string> UserTemplate(const flows::Repository& repository, const Arguments& arguments) {
  fs::path file;
  if (arguments.Has("html-template")) {
    file = repository.directory() / arguments.Text("html-template");
  } else if (!repository.config().plots.html_template.empty()) {
    file = repository.project().DvcDir() / repository.config().plots.html_template;
  }
  if (file.empty()) return std::string();
  return os::ReadFile(file);
}

Result<int> WritePage(const std::vector<metrics::Plot>& plots, const flows::Repository& repository, const Arguments& arguments,
                      const Context& context) {
  const fs::path folder = OutFolder(repository, arguments);
  TRYV(WriteImages(plots, folder / "static"));
  if (plots.empty()) return 0;
  TRY(const std::string html_template, UserTemplate(repository, arguments));
  TRY(const std::string page, metrics::PlotsPage(plots, {.scripts = metrics::BuiltInScripts(),
                                                         .templates = flows::TemplatesOf(repository),
                                                         .embed_images = false,
                                                         .html_template = html_template}));
  TRYV(os::MakeDirs(folder));
  TRYV(os::WriteFileAtomic(folder / "index.html", page, {.sync = false}));
  const std::string uri = FileUri(folder / "index.html");
  Inform(context, uri);
  const bool auto_open = repository.config().plots.auto_open;
  if (!auto_open && !arguments.Has("open")) return 0;
  if (!auto_open) Inform(context, "To enable auto opening, you can run:\n\n\tdvc config plots.auto_open true");
  return OpenInBrowser(uri);
}

}  // namespace

std::vector<OptionSpec> PlotPropertyOptions() {
  return {ValueOption("-t,--template", "NAME", "how to draw: a built-in template (see plots templates) or a file"),
          ValueOption("-x", "FIELD", "the field of the x axis"),
          ValueOption("-y", "FIELD", "the field of the y axis"),
          Flag("--no-header", "a CSV or TSV file has no header line"),
          ValueOption("--title", "TEXT", "the title"),
          ValueOption("--x-label", "TEXT", "the label of the x axis"),
          ValueOption("--y-label", "TEXT", "the label of the y axis")};
}

codec::Json ReadPlotProperties(const Arguments& arguments) {
  codec::Json props = codec::Json::Object{};
  const auto take = [&](const char* option, const char* property) {
    if (arguments.Has(option)) props.Set(property, arguments.Text(option));
  };
  take("template", "template");
  take("x", "x");
  take("y", "y");
  take("x-label", "x_label");
  take("y-label", "y_label");
  take("title", "title");
  if (arguments.Has("no-header")) props.Set("header", false);
  return props;
}

std::vector<OptionSpec> PlotOutputOptions() {
  return {ValueOption("-o,--out", "DIR", "the folder of the page", "dvc_plots"), Flag("--open", "open the page in the browser"),
          Flag("--show-vega", "print the Vega-Lite specification of one plot"),
          Flag("--split", "with --json: data apart from the specification"),
          ValueOption("--html-template", "FILE", "a page of your own, with {plot_divs} in it")};
}

std::string PlotOutputProblem(const Arguments& arguments, const std::vector<std::string>& targets, const Context& context) {
  if (!arguments.Has("show-vega")) return {};
  if (targets.empty()) return "please specify a target for `--show-vega`";
  if (targets.size() > 1) return "you can only specify one target for `--show-vega`";
  return context.json ? "'--show-vega' and '--json' are mutually exclusive options." : "";
}

Result<int> PutOutPlots(const std::vector<metrics::PlotRevision>& revisions, const flows::Repository& repository,
                        const Arguments& arguments, const Context& context) {
  fmt::print(stderr, "{}", metrics::ErroredPlotsLine(revisions));
  const bool any = std::any_of(revisions.begin(), revisions.end(),
                               [](const metrics::PlotRevision& one) { return one.error || !one.configs.empty(); });
  if (!any && !context.json) fmt::print(stderr, "No plots were loaded, visualization file will not be created.\n");
  const std::vector<metrics::Plot> plots = metrics::JoinPlots(revisions);
  for (const metrics::Plot& plot : plots) {
    for (const metrics::PlotError& error : plot.errors) {
      const bool tell = error.source.empty() && !context.quiet;
      if (tell) Warning(fmt::format("In '{}', {}", error.revision, ToLower(error.error.msg)));
    }
  }
  if (context.json) {
    const fs::path folder = OutFolder(repository, arguments);
    TRYV(WriteImages(plots, folder));
    TRY(const codec::Json json,
        metrics::PlotsJson(
            plots, revisions,
            {.split = arguments.Has("split"), .image_folder = folder.string(), .templates = flows::TemplatesOf(repository)}));
    PrintLine(json.DumpPython());
    return 0;
  }
  if (arguments.Has("show-vega")) {
    TRY(const codec::Json vega, metrics::ShowVega(plots, flows::TemplatesOf(repository)));
    if (!vega.IsNull()) PrintLine(vega.DumpPython());
    return 0;
  }
  return WritePage(plots, repository, arguments, context);
}

}  // namespace mlean::verbs

// mlean init: a DVC repository, and with --data the loop around your own data.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "flows/init_project.hpp"
#include "repo/dvc_error.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

repo::InitOptions DvcOptions(const Arguments& arguments) {
  return {.subdir = arguments.Has("subdir"), .no_scm = arguments.Has("no-scm"), .force = arguments.Has("force")};
}

std::filesystem::path RootOf(const Arguments& arguments, const Context& context) {
  if (!arguments.Has("DIRECTORY")) return context.directory;
  const std::filesystem::path root = (context.directory / arguments.Text("DIRECTORY")).lexically_normal();
  return root.has_filename() ? root : root.parent_path();
}

constexpr std::string_view kWhatsNext =
    "What's next?\n"
    "------------\n"
    "- Check out the documentation: <https://dvc.org/doc>\n"
    "- Get help and share ideas: <https://dvc.org/chat>\n"
    "- Star us on GitHub: <https://github.com/treeverse/dvc>\n";

// DVC's own texts, streams and statuses.
Result<int> InitDvcOnly(const Arguments& arguments, const Context& context) {
  const repo::InitOptions options = DvcOptions(arguments);
  const Result<std::vector<std::string>> added = repo::InitDvc(RootOf(arguments, context), options);
  if (!added) {
    const bool usage = added.error().code == Code::kUsage;
    fmt::print(stderr, "ERROR: {}{}\n", usage ? "" : "failed to initiate DVC - ", added.error().what);
    return usage ? 255 : 1;
  }
  if (context.json) {
    codec::Json files = codec::Json::Array{};
    for (const std::string& path : *added) files.Push(path);
    PrintJson(codec::Json::Object{{"files", std::move(files)}});
  } else if (!context.quiet) {
    PrintLine("Initialized DVC repository.\n");
    if (!options.no_scm) PrintLine("You can now commit the changes to git.\n");
    Print(kWhatsNext);
  }
  return 0;
}

void Report(const flows::InitPlan& plan, const std::vector<std::string>& written) {
  const std::string label = plan.task == "regression" ? "a number" : fmt::format("{} classes", plan.classes.size());
  PrintLine(fmt::format("{}: {} rows; {} of '{}' ({}) from {} of {} columns", plan.data_path,
                        HumanCount(static_cast<std::uint64_t>(plan.rows)), plan.task, plan.label, label, plan.features.size(),
                        plan.columns));
  for (const flows::LeftOut& one : plan.left_out) PrintLine(fmt::format("  left out '{}': {}", one.column, one.why));
  if (plan.labelled < plan.rows) PrintLine(fmt::format("  {} rows have no label and are left out", plan.rows - plan.labelled));
  PrintLine("wrote " + Join(written, ", "));
  PrintLine("next: mlean loop run");
}

codec::Json ReportJson(const flows::InitPlan& plan, const std::vector<std::string>& written) {
  const auto list = [](const std::vector<std::string>& texts) {
    codec::Json out = codec::Json::Array{};
    for (const std::string& text : texts) out.Push(text);
    return out;
  };
  codec::Json left_out = codec::Json::Array{};
  for (const flows::LeftOut& one : plan.left_out) left_out.Push(codec::Json::Object{{"column", one.column}, {"why", one.why}});
  return codec::Json::Object{{"model", plan.model},
                             {"data", plan.data_path},
                             {"rows", plan.rows},
                             {"labelled", plan.labelled},
                             {"task", plan.task},
                             {"label", plan.label},
                             {"classes", list(plan.classes)},
                             {"features", list(plan.features)},
                             {"left_out", std::move(left_out)},
                             {"slices", list(plan.slices)},
                             {"files", list(written)}};
}

Result<int> Init(const Arguments& arguments, Context& context) {
  if (!arguments.Has("data")) {
    for (const std::string_view name : {"label", "time", "key", "model", "task"}) {
      if (arguments.Has(name))
        return Fail(Code::kUsage, fmt::format("cannot use --{} without --data", name), "mlean init --data FILE --label COLUMN");
    }
    return InitDvcOnly(arguments, context);
  }
  if (!arguments.Has("label")) {
    return Fail(Code::kUsage, "cannot init: --data needs --label, the column to predict",
                fmt::format("mlean init --data {} --label COLUMN", arguments.Text("data")));
  }
  flows::InitRequest request;
  request.root = RootOf(arguments, context);
  request.data = arguments.Text("data");
  request.label = arguments.Text("label");
  request.time = arguments.Text("time");
  for (const std::string& item : arguments.List("key")) {
    for (const std::string& name : Split(item, ',')) request.key.emplace_back(Trim(name));
  }
  request.model = arguments.Text("model");
  request.task = arguments.Text("task");
  request.dvc = DvcOptions(arguments);
  request.force = request.dvc.force;
  TRY(const flows::InitPlan plan, flows::PlanProject(request));
  TRY(const std::vector<std::string> written, flows::WriteProject(request, plan));
  if (context.json) {
    PrintJson(ReportJson(plan, written));
  } else if (!context.quiet) {
    Report(plan, written);
  }
  return 0;
}

}  // namespace

VerbSpec InitVerb() {
  VerbSpec spec;
  spec.words = {"init"};
  spec.summary = "make a project; with --data the loop around your own data";
  spec.description =
      "Alone it does what `dvc init` does. With --data and --label it looks at the data and writes mlean.yaml, dvc.yaml, "
      "params.yaml and a "
      "suggested suite of checks, all commented: `mlean loop run` then trains and promotes version 1. A file outside the folder "
      "is copied to "
      "data/. Nothing is written when anything is wrong.";
  spec.options = {Positional("DIRECTORY", "the folder to make it in; the working directory when it is left out", false),
                  ValueOption("--data", "FILE", "the table to learn from: CSV, Parquet, JSON lines, or a folder of them"),
                  ValueOption("--label", "COLUMN", "what to predict"),
                  ValueOption("--time", "COLUMN", "event time: the newest rows become the test"),
                  Repeated("--key", "A,B", "columns that identify a row"),
                  ValueOption("--model", "NAME", "name of the model; default: the file's"),
                  ValueOption("--task", "TASK", "classification or regression; default: by the label"),
                  Flag("-f,--force", "replace what is there: without --data all of .dvc with its cache, with it the four files"),
                  Flag("--subdir", "in a folder inside a git repository"),
                  Flag("--no-scm", "without git"),
                  Flag("-v,--verbose", "accepted for DVC's sake")};
  spec.examples = {
      "mlean init", "mlean init --data wine.csv --label class",
      "mlean init --data flights.parquet --label late --time time_hour --key carrier,flight,time_hour --model arrival-delay"};
  spec.exit_codes =
      "0 done · 1 failed, or something exists already · 2 --data and --label are not used together · 4 no such file or column · "
      "254 usage · 255 --no-scm with --subdir";
  spec.usage_status = repo::kDvcUsageExit;
  spec.run = Init;
  return spec;
}

}  // namespace mlean::verbs

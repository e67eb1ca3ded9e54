// mlean validate, mlean profile --suggest: data against a suite, and a first suite from data.
#include <fmt/core.h>

#include "check/result_html.hpp"
#include "check/result_json.hpp"
#include "check/result_junit.hpp"
#include "check/suggest.hpp"
#include "check/summary.hpp"
#include "flows/duck_table_source.hpp"
#include "flows/validate_data.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// A bad suite is the caller's mistake: exit code 2 whatever is wrong with it.
Error AsUsage(Error error) {
  if (error.code == Code::kInvalid || error.code == Code::kUnsupported) error.code = Code::kUsage;
  return error;
}

Result<int> ValidateRun(const Arguments& arguments, Context& context) {
  Result<check::Suite> suite = flows::LoadSuite(context.directory / arguments.Text("suite"));
  if (!suite) return AsUsage(std::move(suite).error());
  check::ValidateOptions options;
  Result<check::ResultFormat> format = check::ParseResultFormat(arguments.Text("result-format", "SUMMARY"));
  if (!format) return AsUsage(std::move(format).error());
  options.result_format = *format;
  const std::string layout = arguments.Text("format", context.json ? "json" : "text");
  TRY(const check::SuiteResult result, flows::ValidateFile(context.directory / arguments.Text("DATA"), *suite, options));
  check::ResultJsonOptions json;
  json.result_format = options.result_format;
  json.now = context.clock->Now();
  if (layout == "ge" || layout == "ge0") {
    json.layout = layout == "ge" ? check::ResultJsonOptions::Layout::kGe1 : check::ResultJsonOptions::Layout::kGe0;
    PrintJson(check::ResultJson(result, json));
  } else if (layout == "json") {
    PrintJson(check::OwnResultJson(result));
  } else if (layout == "html") {
    Print(check::ResultHtml(result, arguments.Text("DATA"), json.now));
  } else if (layout == "junit") {
    Print(check::ResultJunit(result, arguments.Text("DATA"), json.now));
  } else if (layout == "text") {
    Print(check::SummaryText(result));
  } else {
    return Fail(Code::kUsage, fmt::format("cannot use --format '{}': expected text, json, ge, ge0, html or junit", layout));
  }
  return result.success ? 0 : 6;
}

Result<int> ProfileRun(const Arguments& arguments, Context& context) {
  TRY(const auto engine, tables::Engine::Open());
  TRY(const auto source, flows::DuckTableSource::Open(*engine, {.path = (context.directory / arguments.Text("DATA")).string()}));
  TRY(const check::Suite suite, check::SuggestFrom(*source));
  PrintJson(check::SuiteJson(suite));
  return 0;
}

}  // namespace

VerbSpec ValidateVerb() {
  return {.words = {"validate"},
          .summary = "check data against a Great Expectations suite",
          .options = {Positional("DATA", "CSV, Parquet, JSON lines; a file, folder or glob"),
                      Required(ValueOption("--suite", "FILE", "the suite, 0.x or 1.x JSON")),
                      ValueOption("--format", "F", "text, json, ge, ge0, html, junit", "text"),
                      ValueOption("--result-format", "F", "BOOLEAN_ONLY, BASIC, SUMMARY, COMPLETE", "SUMMARY")},
          .examples = {"mlean validate data/july.parquet --suite checks/flights.json"},
          .exit_codes = "0 passes · 1 failed · 2 the suite is wrong · 4 a file does not exist · 6 expectations do not hold",
          .run = ValidateRun};
}
VerbSpec ProfileVerb() {
  return {.words = {"profile"},
          .summary = "suggest a suite of expectations from data",
          .description = "Prints a suite that this data passes; each expectation says why it was proposed. Prune it by hand.",
          .options = {Positional("DATA", "CSV, Parquet, JSON lines"), Flag("--suggest", "print a suggested suite (the default)")},
          .examples = {"mlean profile data/june.parquet --suggest > checks/flights.json"},
          .run = ProfileRun};
}

}  // namespace mlean::verbs

// mlean drift: one data file against another, as Evidently's DataDriftPreset does it.
#include <fmt/core.h>

#include <cmath>

#include "base/text.hpp"
#include "flows/compare_data.hpp"
#include "flows/drift_html.hpp"
#include "flows/drift_json.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using flows::DriftConvention;

std::vector<std::string> Names(const Arguments& arguments, std::string_view option) {
  std::vector<std::string> names;
  for (const std::string& name : Split(arguments.Text(option), ',')) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

Result<std::optional<drift::Method>> MethodOption(const Arguments& arguments, std::string_view option) {
  if (!arguments.Has(option)) return std::optional<drift::Method>();
  TRY(const drift::Method method, drift::ParseMethod(arguments.Text(option)));
  return std::optional(method);
}

Result<double> ParseLimit(std::string_view option, std::string_view text) {
  const auto value = ParseDouble(text);
  if (value && std::isfinite(*value) && *value >= 0) return *value;
  return Fail(Code::kUsage, fmt::format("cannot use --{} '{}': expected a number from 0", option, text));
}

struct Setting {
  std::string column;
  std::string value;
};

// "C=V" at the last '=': names of columns may have one, methods and numbers do not.
Result<std::vector<Setting>> ColumnSettings(const Arguments& arguments, std::string_view option) {
  std::vector<Setting> settings;
  for (const std::string& text : arguments.List(option)) {
    const std::size_t at = text.rfind('=');
    if (at == text.npos || at == 0) {
      return Fail(Code::kUsage, fmt::format("cannot use --{} '{}': expected COLUMN=VALUE", option, text));
    }
    settings.push_back({text.substr(0, at), text.substr(at + 1)});
  }
  return settings;
}

Result<drift::DatasetOptions> ReadSettings(const Arguments& arguments) {
  drift::DatasetOptions options;
  TRY(options.method, MethodOption(arguments, "method"));
  TRY(options.num_method, MethodOption(arguments, "num-method"));
  TRY(options.cat_method, MethodOption(arguments, "cat-method"));
  TRY(const std::vector<Setting> methods, ColumnSettings(arguments, "column-method"));
  for (const Setting& setting : methods) {
    TRY(options.column_methods[setting.column], drift::ParseMethod(setting.value));
  }
  if (arguments.Has("threshold")) {
    TRY(options.threshold, ParseLimit("threshold", arguments.Text("threshold")));
  }
  TRY(const std::vector<Setting> thresholds, ColumnSettings(arguments, "column-threshold"));
  for (const Setting& setting : thresholds) {
    TRY(options.column_thresholds[setting.column], ParseLimit("column-threshold", setting.value));
  }
  if (arguments.Has("share")) {
    TRY(options.share, ParseLimit("share", arguments.Text("share")));
    if (options.share > 1) {
      return Fail(Code::kUsage, fmt::format("cannot use --share '{}': expected a number from 0 to 1", arguments.Text("share")));
    }
  }
  return options;
}

bool IsFormat(std::string_view format) {
  for (const std::string_view known : {"text", "evidently-legacy", "evidently", "json", "html", "junit"}) {
    if (format == known) return true;
  }
  return false;
}

Result<int> DriftRun(const Arguments& arguments, Context& context) {
  const std::string format = arguments.Text("format", context.json ? "json" : "text");
  if (!IsFormat(format)) {
    return Fail(Code::kUsage,
                fmt::format("cannot use --format '{}': expected text, evidently-legacy, evidently, json, html or junit", format));
  }
  flows::DriftQuery query{.reference = context.directory / arguments.Text("REF"),
                          .current = context.directory / arguments.Text("CUR"),
                          .columns = Names(arguments, "columns"),
                          .target = arguments.Text("target"),
                          .prediction = arguments.Text("prediction"),
                          .task = arguments.Text("task"),
                          .numerical = Names(arguments, "numerical"),
                          .categorical = Names(arguments, "categorical")};
  if (format == "evidently-legacy") query.convention = DriftConvention::kLegacy;
  if (format == "evidently") query.convention = DriftConvention::kEvidently;
  TRY(query.settings, ReadSettings(arguments));
  TRY(const flows::DataDrift result, flows::CompareData(query));
  if (!result.left_out.empty()) {
    Note(context,
         fmt::format("left out as free text: {}; --categorical or --columns compares them", Join(result.left_out, ", ")));
  }
  const TimeMs now = context.clock->Now();
  if (format == "evidently-legacy") {
    PrintJson(flows::LegacyDriftJson(result, now));
  } else if (format == "evidently") {
    PrintJson(flows::EvidentlyDriftJson(result));
  } else if (format == "json") {
    PrintJson(flows::OwnDriftJson(result));
  } else if (format == "html") {
    Print(flows::DriftHtml(result, now));
  } else if (format == "junit") {
    Print(flows::DriftJunit(result, now));
  } else {
    Print(flows::DriftText(result));
  }
  return result.drift.dataset_drift ? 6 : 0;
}

}  // namespace

VerbSpec DriftVerb() {
  return {
      .words = {"drift"},
      .summary = "compare current data with reference data, column by column",
      .description =
          "Scores are Evidently's. With --format evidently-legacy or evidently the verdicts are Evidently's too; text, json, "
          "html and\n"
          "junit correct p-values for the number of columns (Benjamini-Hochberg) and give no verdict below 100 values a side.\n"
          "Methods: ks t_test mannw es anderson cramer_von_mises wasserstein ed (numeric), chisquare z g_test fisher_exact TVD\n"
          "(categorical), psi jensenshannon kl_div hellinger (both). Without one it is chosen by column as Evidently does.",
      .options = {Positional("REF",
                             "reference data: CSV (typed as pandas.read_csv does), Parquet, JSON lines; file, folder, glob"),
                  Positional("CUR", "current data"),
                  ValueOption("--format", "F", "text, evidently-legacy, evidently, json, html, junit", "text"),
                  ValueOption("--method", "M", "for every column it can be used for"),
                  ValueOption("--num-method", "M", "for numeric columns"),
                  ValueOption("--cat-method", "M", "for categorical columns"),
                  Repeated("--column-method", "C=M", "for one column; may be repeated"),
                  ValueOption("--threshold", "T", "for every column", "the method's"),
                  Repeated("--column-threshold", "C=T", "for one column; may be repeated"),
                  ValueOption("--share", "S", "the data set drifts when this share of its columns does", "0.5"),
                  ValueOption("--columns", "A,B", "compare only these", "all but times"),
                  ValueOption("--target", "C", "the label; listed first"),
                  ValueOption("--prediction", "C", "the model's answer; listed second"),
                  ValueOption("--task", "T", "regression or classification: numeric or categorical target", "from the target"),
                  ValueOption("--numerical", "A,B", "numeric columns, instead of those found"),
                  ValueOption("--categorical", "A,B", "categorical columns, instead of those found")},
      .examples = {"mlean drift june.csv july.csv", "mlean drift june.csv july.csv --format html > drift.html",
                   "mlean drift june.parquet july.parquet --format evidently-legacy --num-method psi --share 0.3"},
      .exit_codes = "0 no drift · 1 failed · 2 usage · 4 a file or column does not exist · 6 the data set drifted",
      .run = DriftRun};
}

}  // namespace mlean::verbs

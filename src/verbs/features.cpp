// mlean features sql, mlean features split: stages that make training tables.
#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/sql_features.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

int Report(const Context& context, const std::vector<flows::WrittenTable>& written) {
  codec::Json list = codec::Json::Array{};
  for (const flows::WrittenTable& table : written) {
    list.Push(codec::Json::Object{{"table", table.table}, {"file", table.file}, {"rows", table.rows}});
    if (!context.json) PrintLine(fmt::format("{}: {} rows", table.file, HumanCount(static_cast<std::uint64_t>(table.rows))));
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> FeaturesSql(const Arguments& arguments, Context& context) {
  std::vector<flows::SqlOutput> outputs;
  for (const std::string& text : arguments.List("output")) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0 || equals + 1 == text.size()) {
      return Fail(Code::kUsage, fmt::format("cannot use --output '{}': expected TABLE=FILE", text));
    }
    outputs.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  if (outputs.empty()) return Fail(Code::kUsage, "cannot run the query: no --output TABLE=FILE is given");
  std::filesystem::current_path(context.directory);  // paths in the SQL are relative to it
  TRY(const auto written, flows::RunFeatureSql(arguments.Text("FILE"), outputs));
  return Report(context, written);
}

Result<int> FeaturesSplit(const Arguments& arguments, Context& context) {
  TRY(const double fraction, arguments.Double("test-fraction", 0.2));
  TRY(const auto written,
      flows::SplitTable(context.directory / arguments.Text("DATA"), arguments.Text("time"), fraction, arguments.Text("label"),
                        context.directory / arguments.Text("train"), context.directory / arguments.Text("test")));
  return Report(context, written);
}

}  // namespace

VerbSpec FeaturesSqlVerb() {
  VerbSpec spec;
  spec.words = {"features", "sql"};
  spec.summary = "run a SQL file and write the tables it made";
  spec.description = "The SQL is DuckDB's. Paths in it are relative to the working folder: FROM 'data/*.parquet'.";
  spec.options = {Positional("FILE", "the SQL file"),
                  Repeated("--output", "TABLE=FILE", "write this table as Parquet (or .csv)")};
  spec.examples = {"mlean features sql features/flights.sql --output train=data/train.parquet --output test=data/test.parquet"};
  spec.exit_codes = "0 done · 1 failed · 2 usage · 4 a file does not exist";
  spec.run = FeaturesSql;
  return spec;
}

VerbSpec FeaturesSplitVerb() {
  VerbSpec spec;
  spec.words = {"features", "split"};
  spec.summary = "split a table into training and test rows";
  spec.description =
      "With --time the newest rows are the test; else a fixed pseudo-random part. Rows without a label are left out.";
  spec.options = {Positional("DATA", "the table"),
                  Required(ValueOption("--train", "FILE", "training rows")),
                  Required(ValueOption("--test", "FILE", "test rows")),
                  ValueOption("--time", "COLUMN", "event time"),
                  ValueOption("--label", "COLUMN", "leave out rows where it is missing"),
                  ValueOption("--test-fraction", "F", "share of the rows", "0.2")};
  spec.examples = {"mlean features split data/wine.csv --label class --train data/train.parquet --test data/test.parquet"};
  spec.exit_codes = "0 done · 1 failed · 2 usage · 4 a file or column does not exist";
  spec.run = FeaturesSplit;
  return spec;
}

}  // namespace mlean::verbs

// A verb: one word of the command line and what it does. One file per verb, named as the user types it (`loop run` is
// loop_run.cpp); verb_table.cpp lists them all. The specification is data: parsing, help, completion and the docs come from it,
// so a verb file never sees the command-line library.
//
//   VerbSpec LoopRunVerb() {
//     return {.words = {"loop", "run"}, .summary = "run one turn of the loop", .options = {ValueOption("--model", "NAME", "…")},
//             .examples = {"mlean loop run"}, .run = LoopRun};
//   }
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::verbs {

enum class OptionKind : std::uint8_t {
  kFlag,
  kValue,
  kOptional,  // a value may follow; without one it is empty
  kRepeated,  // one value each time it is named
  kList,      // any number of values behind its name, each time
  kPositional,
  kRest,     // all positionals that are left
  kCommand,  // the first word that is no option, and all behind it as it stands: the command line of another program
};

struct OptionSpec {
  OptionKind kind = OptionKind::kFlag;
  std::string names;       // "-m,--model"; for positionals the name shown in the usage line: "MODEL"
  std::string value_name;  // "NAME"
  std::string help;
  bool required = false;
  std::string otherwise;  // default, shown in the help
};

// An option that the verb does not have, but a program whose place it takes does.
struct ForeignOption {
  std::string names;    // "-w,--workers"
  std::string instead;  // what to know or do
  std::string fix;      // a command, where one helps
};

OptionSpec Flag(std::string names, std::string help);
OptionSpec ValueOption(std::string names, std::string value_name, std::string help, std::string otherwise = {});
OptionSpec OptionalValue(std::string names, std::string value_name, std::string help);
OptionSpec Required(OptionSpec option);
OptionSpec Repeated(std::string names, std::string value_name, std::string help);
OptionSpec Positional(std::string name, std::string help, bool required = true);
OptionSpec Rest(std::string name, std::string help);
OptionSpec ListOption(std::string names, std::string value_name, std::string help);
OptionSpec Command(std::string name, std::string help);

// What the command line said. Options are asked for by their long name without dashes, positionals by their name.
class Arguments {
 public:
  bool Has(std::string_view name) const { return values_.find(std::string(name)) != values_.end(); }
  std::string Text(std::string_view name, std::string_view otherwise = {}) const;
  std::vector<std::string> List(std::string_view name) const;
  // kUsage when the text is no such number.
  Result<std::int64_t> Int(std::string_view name, std::int64_t otherwise) const;
  Result<double> Double(std::string_view name, double otherwise) const;
  void Add(std::string name, std::string value) { values_[std::move(name)].push_back(std::move(value)); }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

// What a verb may use from outside. Output goes to stdout by Print; progress and errors to stderr.
struct Context {
  std::filesystem::path directory;  // -C, absolute
  bool json = false;
  bool quiet = false;
  const Clock* clock = nullptr;  // the system's, or the simulated one of MLEAN_CLOCK
};

struct VerbSpec {
  std::vector<std::string> words;
  std::string summary;  // one line, lower case, no full stop
  std::string description;
  std::vector<OptionSpec> options;
  std::vector<std::string> examples;
  std::string exit_codes = "0 done · 1 failed · 2 usage";
  int usage_status = 2;  // 254 for DVC's commands (data/dvc_command.hpp)
  std::function<Result<int>(const Arguments&, Context&)> run;
  std::vector<ForeignOption> foreign;  // never in the help
};

// What somebody else named or wrote, for a line of a terminal: control characters as \n, \t, \x1b.
std::string OneLine(std::string_view text);

void Print(std::string_view text);            // to stdout, as it is
void PrintLine(std::string_view text);        // with a newline
void PrintJson(const codec::Json& value);     // pretty, with a newline
void Note(const Context&, std::string_view);  // a line on stderr unless --quiet

}  // namespace mlean::verbs

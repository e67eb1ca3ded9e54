#include "app/command_line.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/exit_code.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "os/clock_file.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::app {
namespace {

using verbs::Arguments;
using verbs::OptionKind;
using verbs::VerbSpec;

int PrintError(const Error& error, bool json) {
  if (json) {
    codec::Json::Object out = {{"error", error.what}, {"exit", ExitStatus(error.code)}};
    if (!error.fix.empty()) out.emplace_back("fix", error.fix);
    fmt::print(stderr, "{}\n", codec::Json(std::move(out)).Dump());
  } else {
    fmt::print(stderr, "error: {}\n", error.what);
    if (!error.fix.empty()) fmt::print(stderr, "  fix: {}\n", error.fix);
  }
  return ExitStatus(error.code);
}

bool IsPositional(const verbs::OptionSpec& option) {
  return option.kind == OptionKind::kPositional || option.kind == OptionKind::kRest || option.kind == OptionKind::kCommand;
}

// "--model" of "-m,--model"; "MODEL" of a positional.
std::string KeyOf(const verbs::OptionSpec& option) {
  if (IsPositional(option)) return option.names;
  for (const std::string& name : Split(option.names, ',')) {
    if (name.rfind("--", 0) == 0) return name.substr(2);
  }
  return option.names.substr(1);
}

// The longest verb whose words start argv; nullptr when there is none. `used` is how many words it took.
const VerbSpec* FindVerb(const std::vector<std::string>& words, const std::vector<VerbSpec>& table, std::size_t& used) {
  const VerbSpec* found = nullptr;
  used = 0;
  for (const VerbSpec& verb : table) {
    if (verb.words.size() <= words.size() && verb.words.size() > used &&
        std::equal(verb.words.begin(), verb.words.end(), words.begin())) {
      found = &verb;
      used = verb.words.size();
    }
  }
  return found;
}

void PrintOverview(const std::vector<VerbSpec>& table) {
  std::string out = "mlean: data to monitored model and back, in one program\n\nusage: mlean [-C DIR] VERB [OPTIONS]\n\n";
  for (const VerbSpec& verb : table) out += fmt::format("  {:<24} {}\n", Join(verb.words, " "), verb.summary);
  out += "\n`mlean VERB --help` shows options, examples and exit codes.\n";
  verbs::Print(out);
}

// Commands of DVC that are left to it.
bool IsLeftToDvc(const std::vector<std::string>& words) {
  constexpr std::string_view kNames[] = {"artifacts", "completion", "daemon", "dataset", "ds", "du", "import-db", "test-db"};
  if (words.size() > 1 && words[0] == "studio" && words[1] == "login") return true;
  return std::find(std::begin(kNames), std::end(kNames), words[0]) != std::end(kNames);
}

Error UnknownVerb(const std::vector<std::string>& words, const std::vector<VerbSpec>& table) {
  if (IsLeftToDvc(words)) {
    return Fail(Code::kUsage, fmt::format("cannot run '{}': mlean does not have this command of DVC's", Join(words, " ")),
                "dvc " + Join(words, " "));
  }
  std::vector<std::string> known;
  std::vector<std::string> under;
  for (const VerbSpec& verb : table) {
    known.push_back(Join(verb.words, " "));
    if (verb.words.size() > 1 && verb.words.front() == words.front()) under.push_back(verb.words[1]);
  }
  if (!under.empty()) {
    return Fail(Code::kUsage, fmt::format("cannot run '{}': it needs one of: {}", words.front(), Join(under, ", ")),
                "mlean --help");
  }
  const std::string typed = words.size() > 1 ? words[0] + " " + words[1] : words[0];
  std::string near = Nearest(typed, known);
  if (near.empty()) near = Nearest(words[0], known);
  return Fail(Code::kUsage, fmt::format("cannot run '{}': there is no such verb", words[0]),
              near.empty() ? "mlean --help" : "mlean " + near);
}

// CLI11 takes a value in brackets for a list of its own; with this in front it is a text.
constexpr char kNoList = '\x01';

void Shield(std::vector<std::string>& words) {
  for (std::string& word : words) {
    if (word.starts_with('[') && word.ends_with(']')) word.insert(word.begin(), kNoList);
  }
}

std::string Unshielded(const std::string& value) { return value.starts_with(kNoList) ? value.substr(1) : value; }

// What is wrong with the text of a number; empty when nothing is.
std::string WholeNumber(const std::string& text) {
  return ParseInt(text) ? std::string() : fmt::format("invalid int value: '{}'", text);
}

// CLI11's view of one verb, filling `arguments` when it parses.
void AddOptions(CLI::App& cli, const VerbSpec& verb, Arguments& arguments) {
  for (const verbs::OptionSpec& option : verb.options) {
    const std::string key = KeyOf(option);
    CLI::Option* added = nullptr;
    if (option.kind == OptionKind::kFlag) {
      added = cli.add_flag_function(
          option.names, [&arguments, key](std::int64_t) { arguments.Add(key, "1"); }, option.help);
    } else if (option.kind == OptionKind::kCommand) {
      cli.add_option(option.names, option.help)->type_name("");  // for the help: TakeCommand has read it
      continue;
    } else if (option.kind == OptionKind::kRest || option.kind == OptionKind::kRepeated || option.kind == OptionKind::kList) {
      added = cli.add_option_function<std::vector<std::string>>(
          option.names,
          [&arguments, key](const std::vector<std::string>& values) {
            for (const std::string& value : values) arguments.Add(key, Unshielded(value));
          },
          option.help);
      if (option.kind == OptionKind::kRepeated) added->allow_extra_args(false);
      if (option.kind == OptionKind::kList) added->expected(0, CLI::detail::expected_max_vector_size);
    } else {
      added = cli.add_option_function<std::string>(
          option.names, [&arguments, key](const std::string& value) { arguments.Add(key, Unshielded(value)); }, option.help);
      if (option.kind == OptionKind::kOptional) added->expected(0, 1);
    }
    // DVC reads numbers before it looks at anything else.
    if (verb.usage_status == repo::kDvcUsageExit && option.value_name == "N") added->check(WholeNumber);
    if (!option.value_name.empty()) added->type_name(option.value_name);
    if (IsPositional(option)) added->type_name("");
    if (option.required) added->required();
    if (!option.otherwise.empty()) added->description(fmt::format("{} [{}]", option.help, option.otherwise));
  }
}

std::string Footer(const VerbSpec& verb) {
  std::string out;
  if (!verb.examples.empty()) out += "\nExamples:\n";
  for (const std::string& example : verb.examples) out += "  " + example + "\n";
  return out + "\nExit codes: " + verb.exit_codes;
}

bool HasOption(const VerbSpec& verb, std::string_view name) {
  return std::any_of(verb.options.begin(), verb.options.end(), [&](const verbs::OptionSpec& option) {
    const std::vector<std::string> names = Split(option.names, ',');
    return std::find(names.begin(), names.end(), name) != names.end();
  });
}

// Whether the option called `name` ("-n", "--name") takes the next word as its value.
bool TakesValue(const VerbSpec& verb, std::string_view name) {
  if (name == "-C") return true;
  for (const verbs::OptionSpec& option : verb.options) {
    if (IsPositional(option) || option.kind == OptionKind::kFlag) continue;
    for (const std::string& known : Split(option.names, ',')) {
      if (known == name) return true;
    }
  }
  return false;
}

// How many words an option takes, itself included; 0: `words[at]` is no option.
std::size_t WordsOfOption(const VerbSpec& verb, const std::vector<std::string>& words, std::size_t at) {
  const std::string& word = words[at];
  if (word.size() < 2 || word[0] != '-' || word == "--") return 0;
  if (word[1] == '-') return word.find('=') == word.npos && TakesValue(verb, word) ? 2 : 1;
  for (std::size_t i = 1; i < word.size(); ++i) {  // "-fn x", "-nx"
    if (TakesValue(verb, std::string("-") + word[i])) return i + 1 == word.size() ? 2 : 1;
  }
  return 1;
}

// Cuts the command line of another program off `words`, for a verb that has one.
void TakeCommand(const VerbSpec& verb, std::vector<std::string>& words, Arguments& arguments) {
  for (const verbs::OptionSpec& option : verb.options) {
    if (option.kind != OptionKind::kCommand) continue;
    std::size_t at = 0;
    while (at < words.size()) {
      const std::size_t taken = WordsOfOption(verb, words, at);
      if (taken == 0) break;
      at += taken;
    }
    for (std::size_t i = at; i < words.size(); ++i) arguments.Add(option.names, words[i]);
    if (at < words.size()) words.resize(at);
  }
}

// "--all" for "--all-commits" where no other option begins so: DVC's users write that.
void Complete(const VerbSpec& verb, std::vector<std::string>& words) {
  std::vector<std::string> known = {"--help", "--json", "--quiet"};
  for (const verbs::OptionSpec& option : verb.options) {
    if (IsPositional(option)) continue;
    for (const std::string& name : Split(option.names, ',')) {
      if (name.starts_with("--")) known.push_back(name);
    }
  }
  for (std::string& word : words) {
    if (word == "--") return;
    const std::string typed = word.substr(0, word.find('='));
    if (typed.size() < 3 || !typed.starts_with("--")) continue;
    if (std::find(known.begin(), known.end(), typed) != known.end()) continue;
    const auto begins = [&](const std::string& name) { return name.starts_with(typed); };
    if (std::count_if(known.begin(), known.end(), begins) != 1) continue;
    word.replace(0, typed.size(), *std::find_if(known.begin(), known.end(), begins));
  }
}

struct Invocation {
  std::vector<std::string> words;  // what follows the options before the verb
  std::vector<std::string> flags;  // flags before it
  verbs::Context context;
};

bool MayStandInFront(std::string_view word) {
  constexpr std::string_view kFlags[] = {"-q", "--quiet", "-v", "--verbose", "--wait-for-lock"};
  return std::find(std::begin(kFlags), std::end(kFlags), word) != std::end(kFlags);
}

// Whether both -q and -v stand anywhere on the command line, which DVC refuses wherever they stand, "-qv" too.
bool QuietAndVerbose(int argc, char** argv) {
  bool quiet = false;
  bool verbose = false;
  for (int at = 1; at < argc && std::string_view(argv[at]) != "--"; ++at) {
    const std::string_view word = argv[at];
    const bool flags = word.size() > 1 && word[0] == '-' && word.find_first_not_of("qv", 1) == word.npos;
    quiet = quiet || word == "--quiet" || (flags && word.find('q') != word.npos);
    verbose = verbose || word == "--verbose" || (flags && word.find('v') != word.npos);
  }
  return quiet && verbose;
}

// Takes "-C DIR" in front of the verb; "--cd DIR" is DVC's name of it. So are the flags that DVC takes there.
Result<Invocation> ReadFront(int argc, char** argv) {
  Invocation out;
  out.context.directory = std::filesystem::current_path();
  std::string dvc_folder;
  int at = 1;
  while (at < argc && (std::string_view(argv[at]) == "-C" || std::string_view(argv[at]) == "--cd" || MayStandInFront(argv[at]))) {
    if (MayStandInFront(argv[at])) {
      out.flags.emplace_back(argv[at++]);
      continue;
    }
    if (at + 1 >= argc) return Fail(Code::kUsage, fmt::format("cannot use {}: it needs a folder", argv[at]));
    dvc_folder = std::string_view(argv[at]) == "--cd" ? argv[at + 1] : "";
    out.context.directory /= argv[at + 1];
    at += 2;
  }
  std::error_code ignored;
  out.context.directory = std::filesystem::weakly_canonical(out.context.directory, ignored);
  if (!std::filesystem::is_directory(out.context.directory, ignored)) {
    if (!dvc_folder.empty()) return repo::UnexpectedFailure(fmt::format("[Errno 2] No such file or directory: '{}'", dvc_folder));
    return Fail(Code::kNotFound, fmt::format("cannot use -C '{}': no such folder", out.context.directory.string()));
  }
  for (; at < argc; ++at) out.words.emplace_back(argv[at]);
  return out;
}

// Why `words` were not understood.
Error UsageError(const VerbSpec& verb, const std::vector<std::string>& words, const char* problem) {
  const std::string command = "mlean " + Join(verb.words, " ");
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    for (const verbs::ForeignOption& option : verb.foreign) {
      const std::vector<std::string> names = Split(option.names, ',');
      if (std::find(names.begin(), names.end(), name) == names.end()) continue;
      return Fail(Code::kUsage, fmt::format("cannot run '{}' with {}: {}", command, name, option.instead),
                  option.fix.empty() ? command + " --help" : option.fix);
    }
  }
  return Fail(Code::kUsage, fmt::format("cannot run '{}': {}", command, problem), command + " --help");
}

int RunVerb(const VerbSpec& verb, std::vector<std::string> rest, verbs::Context& context) {
  Arguments arguments;
  CLI::App cli(verb.description.empty() ? verb.summary : verb.summary + "\n\n" + verb.description,
               "mlean " + Join(verb.words, " "));
  bool json = false;
  bool quiet = false;
  std::string directory;
  cli.add_flag("--json", json, "machine-readable result on stdout");
  cli.add_flag("-q,--quiet", quiet, "no progress and notes");
  // A verb may have another use for -C; in front of the verb it still means the folder.
  if (!HasOption(verb, "-C")) cli.add_option("-C", directory, "act in this folder")->type_name("DIR");
  AddOptions(cli, verb, arguments);
  cli.footer(Footer(verb));
  if (verb.usage_status == repo::kDvcUsageExit) Complete(verb, rest);
  TakeCommand(verb, rest, arguments);
  Shield(rest);
  const std::vector<std::string> words = rest;
  std::reverse(rest.begin(), rest.end());  // CLI11 takes them from the back
  try {
    cli.parse(rest);
  } catch (const CLI::CallForHelp&) {
    verbs::Print(cli.help());
    return 0;
  } catch (const CLI::ParseError& error) {
    if (verb.usage_status != ExitStatus(Code::kUsage)) {
      fmt::print(stderr, "{}ERROR: {}\n", cli.help(), error.what());
      return verb.usage_status;
    }
    return PrintError(UsageError(verb, words, error.what()), json);
  }
  context.json = json;
  context.quiet = quiet;
  if (!directory.empty()) context.directory = std::filesystem::weakly_canonical(context.directory / directory);
  Result<int> status = verb.run(arguments, context);
  std::fflush(stdout);
  if (!status) return PrintError(status.error(), json);
  return *status;
}

}  // namespace

int RunCommandLine(int argc, char** argv, const std::vector<VerbSpec>& table) {
  log::SetLevel(log::Level::kWarn);
  Result<Invocation> front = ReadFront(argc, argv);
  if (!front) {
    const repo::DvcFailure failure = repo::UncaughtFailure(front.error());
    if (failure.footer.empty()) {
      const int status = PrintError(front.error(), false);
      return std::string_view(argv[argc - 1]) == "--cd" ? repo::kDvcUsageExit : status;
    }
    fmt::print(stderr, "ERROR: {}\n{}\n", failure.text, failure.footer);
    return failure.exit;
  }
  std::vector<std::string>& words = front->words;
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    PrintOverview(table);
    return words.empty() ? repo::kDvcUsageExit : 0;
  }
  if (words[0] == "experiments") words[0] = "exp";  // as DVC has it
  if (words[0] == "--version" || words[0] == "-V") {
    // A link to us called "dvc" is asked by DVC's editor extensions whether it is new enough.
    if (std::filesystem::path(argv[0]).filename() == "dvc") {
      verbs::PrintLine(repo::kDvcVersion);
      return 0;
    }
    words[0] = "version";
  }
  std::size_t used = 0;
  const VerbSpec* verb = FindVerb(words, table, used);
  if (verb == nullptr) {
    PrintError(UnknownVerb(words, table), false);
    const auto kin = std::find_if(table.begin(), table.end(), [&](const VerbSpec& one) { return one.words.front() == words[0]; });
    return kin == table.end() ? repo::kDvcUsageExit : kin->usage_status;
  }

  if (verb->usage_status == repo::kDvcUsageExit && QuietAndVerbose(argc, argv)) {
    fmt::print(stderr, "ERROR: argument -v/--verbose: not allowed with argument -q/--quiet\n");
    return ExitStatus(Code::kUsage);  // 2, the only one of DVC's usage errors that is not 254
  }

  // Simulated time, shared by the processes of one demo or test (docs/ARCHITECTURE.md, "Time").
  std::unique_ptr<Clock> clock = std::make_unique<SystemClock>();
  if (const char* path = std::getenv("MLEAN_CLOCK"); path != nullptr && *path != '\0') {
    Result<std::unique_ptr<os::FileClock>> file = os::FileClock::Open(path);
    if (!file) return PrintError(file.error(), false);
    clock = *std::move(file);
  }
  front->context.clock = clock.get();
  std::vector<std::string> rest = std::move(front->flags);
  // In front of the verb DVC takes -q and -v, and forgets them.
  if (verb->usage_status == repo::kDvcUsageExit)
    std::erase_if(rest, [](const std::string& flag) { return flag != "--wait-for-lock"; });
  rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  return RunVerb(*verb, std::move(rest), front->context);
}

}  // namespace mlean::app

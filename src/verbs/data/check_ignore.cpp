// mlean check-ignore: which paths .dvcignore hides, and by which of its lines.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "repo/dvc_ignore.hpp"
#include "repo/project.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

namespace fs = std::filesystem;

Result<void> CheckUse(const Arguments& arguments, const Context& context) {
  const auto refuse = [](const char* text) { return Fail(Code::kInvalid, text); };
  const bool details = arguments.Has("details");
  if (!arguments.Has("stdin") && !arguments.Has("TARGET")) return refuse("`targets` or `--stdin` needed");
  if (arguments.Has("stdin") && arguments.Has("TARGET")) return refuse("cannot have both `targets` and `--stdin`");
  if (arguments.Has("non-matching") && !details) return refuse("`--non-matching` is only valid with `--details`");
  if (arguments.Has("all") && !details) return refuse("`--all` is only valid with `--details`");
  if (context.quiet && details) return refuse("cannot use both `--details` and `--quiet`");
  return {};
}

class Checker {
 public:
  Checker(const Arguments& arguments, const Context& context, fs::path root, const repo::DvcIgnore& ignore)
      : arguments_(arguments), context_(context), root_(std::move(root)), ignore_(ignore) {}

  // Whether a rule says anything about the path.
  Result<bool> Check(const std::string& target) const {
    const fs::path path = (context_.directory / target).lexically_normal();
    std::error_code ignored;
    const bool is_dir = fs::is_directory(path, ignored);
    std::string relative = path.lexically_relative(root_).generic_string();
    if (relative.ends_with('/')) relative.pop_back();
    TRY(const repo::IgnoreMatch match, ignore_.Check(relative, is_dir));
    if (!arguments_.Has("details")) {
      if (match.ignored && !context_.quiet) PrintLine(target);
      return match.ignored && !match.rules.empty();
    }
    std::vector<std::string> rules = match.rules;
    if (rules.empty() && arguments_.Has("non-matching")) rules.emplace_back("::");
    if (!arguments_.Has("all") && rules.size() > 1) rules.erase(rules.begin(), rules.end() - 1);
    for (const std::string& rule : rules) PrintLine(rule + "\t" + target);
    return !match.rules.empty();
  }

 private:
  const Arguments& arguments_;
  const Context& context_;
  fs::path root_;
  const repo::DvcIgnore& ignore_;
};

// Lines until an empty one or the end. Answers come line by line: another program may wait for each.
Result<bool> CheckStdin(const Checker& checker) {
  char* line = nullptr;
  std::size_t room = 0;
  bool any = false;
  Result<bool> matched = false;
  while (matched) {
    const ssize_t size = ::getline(&line, &room, stdin);
    if (size <= 0) break;
    std::string target(line, static_cast<std::size_t>(size));
    if (target.ends_with('\n')) target.pop_back();
    if (target.empty()) break;
    matched = checker.Check(target);
    std::fflush(stdout);
    if (matched) any = any || *matched;
  }
  std::free(line);
  if (!matched) return std::move(matched).error();
  return any;
}

Result<int> CheckIgnore(const Arguments& arguments, Context& context) {
  TRY(const fs::path root, repo::FindDvcRoot(context.directory));
  TRYV(CheckUse(arguments, context));
  TRY(const repo::DvcIgnore ignore, repo::DvcIgnore::Open(root));
  const Checker checker(arguments, context, root, ignore);
  bool any = false;
  if (arguments.Has("stdin")) {
    TRY(any, CheckStdin(checker));
  }
  for (const std::string& target : arguments.List("TARGET")) {
    TRY(const bool matched, checker.Check(target));
    any = any || matched;
  }
  return any ? 0 : 1;
}

}  // namespace

VerbSpec CheckIgnoreVerb() {
  VerbSpec spec;
  spec.words = {"check-ignore"};
  spec.summary = "show which paths .dvcignore hides";
  spec.options = {Rest("TARGET", "files or folders, there or not"),
                  Flag("-d,--details", "with the file, line and pattern that decides"),
                  Flag("-a,--all", "with --details: all patterns that match, not the last one alone"),
                  Flag("-n,--non-matching", "with --details: also paths that no pattern matches"),
                  Flag("--stdin", "read the paths from standard input, one a line")};
  spec.examples = {"mlean check-ignore data/raw.tmp", "mlean check-ignore -d $(git ls-files -o)"};
  spec.exit_codes = "0 a pattern matched · 1 none did · 253 not in a project · 254 usage · 255 failed";
  spec.run = CheckIgnore;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

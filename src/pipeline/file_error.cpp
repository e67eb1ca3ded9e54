#include "pipeline/file_error.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "pipeline/excerpt.hpp"

namespace mlean::pipeline {
namespace {

std::string InRevision(std::string_view revision) {
  return revision.empty() ? std::string() : fmt::format(" in revision '{}'", revision.substr(0, 7));
}

std::string Capitalized(std::string_view text) {
  std::string out = ToLower(text);
  if (!out.empty()) out.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(out.front())));
  return out;
}

std::string LineAt(std::string_view text, std::size_t line) {
  const std::vector<std::string> lines = Split(text, '\n');
  return line < lines.size() ? lines[line] : std::string();
}

std::string Where(const codec::YamlProblem::Mark& mark) {
  return fmt::format("in line {}, column {}", mark.line + 1, mark.column + 1);
}

std::string CodeAt(std::string_view text, const codec::YamlProblem::Mark& mark) {
  const std::string line = LineAt(text, mark.line);
  return Excerpt(line, mark.line + 1, 1, 1);
}

// Place of the nearest collection on the way to an error, and how many steps up it lies.
struct Found {
  std::optional<codec::YamlProblem::Mark> mark;
  std::size_t steps = 1;
};
Found Locate(const codec::YamlTree& tree, codec::YamlTree::Path path) {
  constexpr std::size_t kMaxSteps = 5;
  Found found;
  while (!path.empty() && found.steps < kMaxSteps) {
    found.mark = tree.PlaceOf(path);
    if (found.mark) return found;
    ++found.steps;
    path.pop_back();
  }
  return found;
}

}  // namespace

bool HasConflictMarks(std::string_view text) {
  for (const std::string& line : Split(text, '\n')) {
    if (line.size() > 7 && line[7] == ' ' && (line[0] == '<' || line[0] == '=' || line[0] == '>') &&
        line.find_first_not_of("<=>") == 7)
      return true;
  }
  return false;
}

bool PrintsBare(const Error& error) {
  if (error.code != Code::kInvalid || !error.what.starts_with('\'')) return false;
  const std::string_view first = std::string_view(error.what).substr(0, error.what.find('\n'));
  return first.find("' validation failed") != first.npos || first.find("' is invalid") != first.npos;
}

Error SyntaxError(std::string_view shown, std::string_view text, const codec::YamlProblem& problem, std::string_view revision) {
  if (!problem.context_mark && !problem.problem_mark) {
    return Fail(Code::kInvalid, fmt::format("unable to read: '{}', YAML file structure is corrupted",
                                            shown.starts_with("./") ? shown.substr(2) : shown));
  }
  std::string what = WrapSentence(fmt::format("'{}' is invalid{}{}.", shown,
                                              HasConflictMarks(text) ? " (possible merge conflicts)" : "", InRevision(revision)));
  what += '\n';
  if (problem.context_mark) {
    what += WrapSentence(Capitalized(problem.context) + ", " + Where(*problem.context_mark));
    const bool same = problem.problem_mark && problem.context_mark->line == problem.problem_mark->line &&
                      problem.context_mark->column == problem.problem_mark->column;
    if (!same) what += CodeAt(text, *problem.context_mark) + "\n";
  }
  if (!problem.problem.empty()) {
    what += WrapSentence(Capitalized(problem.problem) + ", " + (problem.problem_mark ? Where(*problem.problem_mark) : ""));
  }
  if (problem.problem_mark) what += CodeAt(text, *problem.problem_mark);
  if (what.ends_with('\n')) what.pop_back();
  return Fail(Code::kInvalid, std::move(what));
}

Error ValidationError(std::string_view shown, std::string_view text, const std::vector<SchemaProblem>& problems,
                      std::string_view revision) {
  std::string what = fmt::format("'{}' validation failed{}", shown, InRevision(revision));
  if (problems.size() > 1) what += fmt::format(": {} errors", problems.size());
  const Result<codec::YamlTree> tree = codec::YamlTree::Parse(text);
  const bool mapping = tree && (tree->root().IsMap() || tree->Empty());
  if (!mapping) return Fail(Code::kInvalid, fmt::format("{}: {}.", what, problems.front().message));
  what = WrapSentence(what + ".");
  for (const SchemaProblem& problem : problems) {
    what += '\n';
    const Found found = Locate(*tree, problem.path);
    std::string sentence = problem.message;
    if (!problem.path.empty()) sentence += ", in " + Join(problem.path, " -> ");
    if (!found.mark) {
      what += WrapSentence(sentence);
      continue;
    }
    const std::size_t line = found.mark->line + 1;
    what += WrapSentence(fmt::format("{}, line {}, column {}", sentence, line, found.mark->column + 1));
    what += Excerpt(text, 1, line - 1, line + found.steps - 1);
  }
  if (what.ends_with('\n')) what.pop_back();
  return Fail(Code::kInvalid, std::move(what));
}

std::string ShownFile(std::string_view relative) {
  if (relative.starts_with('/') || relative.starts_with("..")) return std::string(relative);
  return "./" + std::string(relative);
}

}  // namespace mlean::pipeline

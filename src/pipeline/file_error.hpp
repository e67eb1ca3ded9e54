// Errors in dvc.yaml, .dvc and dvc.lock, with DVC's text, place and excerpt.
//
// Such an error's `what` is what DVC prints on stderr, without "ERROR: " in front and without colours:
//
//   './dvc.yaml' validation failed.
//
//   extra keys not allowed, in stages -> a -> dep, line 3, column 5
//     2   a:
//     3     cmd: x
//
// Verbs ask PrintsBare() to know it. Code is kInvalid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "codec/yaml_tree.hpp"
#include "pipeline/schema.hpp"

namespace mlean::pipeline {

// Whether stderr gets the text as it is, not behind "ERROR: ".
bool PrintsBare(const Error& error);

// `shown`: "./dvc.yaml", the file as seen from the working directory (ShownFile). `revision`: of git, empty for the work tree.
Error SyntaxError(std::string_view shown, std::string_view text, const codec::YamlProblem& problem,
                  std::string_view revision = {});
Error ValidationError(std::string_view shown, std::string_view text, const std::vector<SchemaProblem>& problems,
                      std::string_view revision = {});
// Whether git's marks of a conflict stand in it: "<<<<<<< ours" at the start of a line.
bool HasConflictMarks(std::string_view text);
// "./dvc.yaml" for "dvc.yaml", "../x.dvc" as it is.
std::string ShownFile(std::string_view relative);

}  // namespace mlean::pipeline

// mlean move: renames tracked data.
#include "flows/data/move.hpp"

#include <fmt/core.h>

#include <utility>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Move(const Arguments& arguments, Context& context) {
  const std::string from = arguments.Text("FROM");
  const std::string to = arguments.Text("TO");
  Result<std::unique_ptr<Session>> opened = Session::Open(arguments, context, "moving");
  if (!opened) return NotOpened(context, opened.error(), fmt::format("failed to move '{}' -> '{}' - ", from, to));
  const std::unique_ptr<Session> session = *std::move(opened);
  const Result<void> moved = flows::MoveData(session->repository(), from, to);
  if (!moved) {
    session->bar().Clear();
    return Caught(context, moved.error(), fmt::format("failed to move '{}' -> '{}' - ", from, to));
  }
  TRYV(session->Finish(context));
  return 0;
}

VerbSpec Spec(const char* word) {
  VerbSpec spec;
  spec.words = {word};
  spec.summary = "rename tracked data together with its .dvc file";
  spec.options = {Positional("FROM", "a tracked file or folder"), Positional("TO", "its new path, or a folder to put it into")};
  spec.examples = {fmt::format("mlean {} data.csv raw/data.csv", word)};
  spec.exit_codes = "0 done · 1 failed · 253 not in a project · 254 usage · 255 locked";
  spec.run = Move;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec MoveVerb() { return Spec("move"); }
VerbSpec MvVerb() { return Spec("mv"); }

}  // namespace mlean::verbs

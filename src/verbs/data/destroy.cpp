// mlean destroy: takes DVC out of a project.
#include "flows/data/destroy.hpp"

#include "verbs/data/confirm.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr std::string_view kFront = "failed to destroy DVC - ";
// Broken where DVC's own is.
constexpr std::string_view kQuestion =
    "This will destroy all information about your pipelines, all data files, as well \n"
    "as cache in .dvc/cache.\n"
    "Are you sure you want to continue?";

// Asked before the project is locked, but not where there is none.
Result<bool> Confirmed(const Arguments& arguments, const Context& context) {
  if (arguments.Has("force")) return true;
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRYV(flows::Repository::Open(context.directory, {.lock = false, .quiet = true, .cancel = interrupt->flag()}));
  const bool yes = ConfirmAnywhere(kQuestion, interrupt->flag());
  if (interrupt->flag()->load()) return Fail(Code::kCancelled, "interrupted");
  return yes;
}

Result<int> Destroy(const Arguments& arguments, Context& context) {
  TRY(const bool confirmed, Confirmed(arguments, context));
  if (!confirmed) {
    return Caught(context, std::string(kFront) + "cannot destroy without a confirmation from the user. Use `-f` to force.");
  }
  Result<std::unique_ptr<Session>> opened = Session::Open(arguments, context, "unprotecting");
  if (!opened) return NotOpened(context, opened.error(), kFront);
  const std::unique_ptr<Session> session = *std::move(opened);
  const Result<void> destroyed = flows::Destroy(session->repository());
  session->bar().Clear();
  return destroyed ? 0 : Caught(context, destroyed.error(), kFront);
}

}  // namespace

VerbSpec DestroyVerb() {
  VerbSpec spec;
  spec.words = {"destroy"};
  spec.summary = "take DVC out of a project: its files, its configuration and the cache";
  spec.description =
      "Removes .dvc with the cache in it, .dvcignore, and the files that describe data and stages: .dvc, dvc.yaml, dvc.lock. "
      "Data in the work tree stays, links to the cache become files; versions that are only in the cache are gone. A cache "
      "elsewhere and remotes are not touched. Killed half-way, the command can be given again.";
  spec.options = {Flag("-f,--force", "do not ask")};
  spec.examples = {"mlean destroy", "mlean destroy -f"};
  spec.exit_codes = "0 done · 1 not confirmed, or failed · 252 interrupted · 253 not in a project · 254 usage";
  spec.run = Destroy;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

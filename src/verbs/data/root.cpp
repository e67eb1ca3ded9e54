// mlean root: the project's root as seen from the working directory.
#include "repo/project.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Root(const Arguments&, Context& context) {
  TRY(const std::filesystem::path root, repo::FindDvcRoot(context.directory));
  Inform(context, context.directory.lexically_relative(root) == "." ? "." : root.lexically_relative(context.directory).string());
  return 0;
}

}  // namespace

VerbSpec RootVerb() {
  VerbSpec spec;
  spec.words = {"root"};
  spec.summary = "print the project's root, relative to the working directory";
  spec.examples = {"mlean root"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage";
  spec.run = Root;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

// mlean version, mlean doctor.
#include <utility>

#include "repo/dvc_error.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {

using codec::Json;

VerbSpec VersionVerb(std::string version) {
  VerbSpec spec;
  spec.words = {"version"};
  spec.summary = "print the version";
  spec.examples = {"mlean version"};
  spec.exit_codes = "0 done · 254 usage";
  spec.run = [version](const Arguments&, Context& context) -> Result<int> {
    if (context.json) PrintJson(Json::Object{{"version", version}, {"dvc", repo::kDvcVersion}});
    if (!context.json) PrintLine(version);
    return 0;
  };
  return DvcVerb(std::move(spec));
}

VerbSpec DoctorVerb(std::string version) {
  VerbSpec spec = VersionVerb(std::move(version));
  spec.words = {"doctor"};
  spec.summary = "the same, by its other name in DVC";
  spec.examples = {"mlean doctor"};
  return spec;
}

}  // namespace mlean::verbs

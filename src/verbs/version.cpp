// mlean version, mlean doctor.
#include <utility>

#include "repo/dvc_error.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {

using codec::Json;

VerbSpec VersionVerb(std::string version) {
  return {.words = {"version"},
          .summary = "print the version",
          .examples = {"mlean version"},
          .run = [version](const Arguments&, Context& context) -> Result<int> {
            if (context.json) PrintJson(Json::Object{{"version", version}, {"dvc", repo::kDvcVersion}});
            if (!context.json) PrintLine(version);
            return 0;
          }};
}

VerbSpec DoctorVerb(std::string version) {
  VerbSpec spec = VersionVerb(std::move(version));
  spec.words = {"doctor"};
  spec.summary = "the same, by its other name in DVC";
  spec.examples = {"mlean doctor"};
  return spec;
}

}  // namespace mlean::verbs

#include "verbs/data/say.hpp"

#include <cstdio>

#include "verbs/data/dvc_command.hpp"

namespace mlean::verbs {

pipeline::Say SayFor(const Context& context) {
  return [quiet = context.quiet](pipeline::Level level, std::string_view text) {
    if (quiet) return;  // of warnings too, as in DVC
    if (level == pipeline::Level::kWarning) {
      Warning(text);
    } else {
      PrintLine(text);
      std::fflush(stdout);  // before what a stage's command writes there
    }
  };
}

}  // namespace mlean::verbs

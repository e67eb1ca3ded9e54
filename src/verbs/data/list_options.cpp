#include "verbs/data/list_options.hpp"

#include <unistd.h>

#include <cstdlib>

namespace mlean::verbs {

metrics::ListOptions ListOptionsOf(const Arguments& arguments) {
  metrics::ListOptions options{.size = arguments.Has("size"), .hash = arguments.Has("show-hash")};
  options.colors = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  if (const char* colors = std::getenv("LS_COLORS")) options.ls_colors = colors;
  return options;
}

}  // namespace mlean::verbs

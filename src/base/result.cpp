#include "base/result.hpp"

#include <cstdio>

namespace mlean {

void BugFound(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "bug: %s does not hold at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace mlean

// The one function that maps an error code to a process exit status (product.md, section 5).
#pragma once

#include "base/result.hpp"

namespace mlean {

// 0 done · 1 failed · 2 usage · 3 done in part · 4 not found · 5 busy or conflict · 6 denied · 130 interrupted
constexpr int ExitStatus(Code code) {
  switch (code) {
    case Code::kUsage: return 2;
    case Code::kNotFound: return 4;
    case Code::kConflict:
    case Code::kBusy: return 5;
    case Code::kDenied: return 6;
    case Code::kCancelled: return 130;
    case Code::kExists:
    case Code::kInvalid:
    case Code::kTimeout:
    case Code::kIo:
    case Code::kFull:
    case Code::kCorrupt:
    case Code::kUnsupported:
    case Code::kTooLarge:
    case Code::kInternal: return 1;
  }
  return 1;
}

}  // namespace mlean

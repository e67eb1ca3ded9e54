// How `ls` and `ls-url` print their lists.
#pragma once

#include "metrics/report_list.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

// --size and --show-hash; colours on a terminal.
metrics::ListOptions ListOptionsOf(const Arguments& arguments);

}  // namespace mlean::verbs

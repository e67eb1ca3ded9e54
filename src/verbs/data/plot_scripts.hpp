// The programs that draw plots (Vega, Vega-Lite, Vega-Embed), which are part of this one. Empty in a build made without them.
#pragma once

#include "metrics/plot_output.hpp"

namespace mlean::verbs {

metrics::PageScripts PlotScripts();

}  // namespace mlean::verbs

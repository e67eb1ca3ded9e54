// The programs that draw Vega-Lite specifications, built into the program so that a page of plots needs no network: vega,
// vega-lite and vega-embed as `./dev setup` fetches them into .deps/plots. A build without them has none (all empty), and its
// pages say so. About 830 KB; part of every page with a data plot.
#pragma once

#include "metrics/plot_output.hpp"

namespace mlean::metrics {

PageScripts BuiltInScripts();

}  // namespace mlean::metrics

#include "verbs/data/plot_scripts.hpp"

#include <cstddef>

extern "C" {  // plot_scripts.S
extern const char mlean_vega_script[];
extern const char mlean_vega_script_end[];
extern const char mlean_vega_lite_script[];
extern const char mlean_vega_lite_script_end[];
extern const char mlean_vega_embed_script[];
extern const char mlean_vega_embed_script_end[];
}

namespace mlean::verbs {
namespace {

std::string_view Between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

metrics::PageScripts PlotScripts() {
  return {.vega = Between(mlean_vega_script, mlean_vega_script_end),
          .vega_lite = Between(mlean_vega_lite_script, mlean_vega_lite_script_end),
          .vega_embed = Between(mlean_vega_embed_script, mlean_vega_embed_script_end)};
}

}  // namespace mlean::verbs

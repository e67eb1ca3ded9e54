#include "metrics/page_scripts.hpp"

extern "C" {
// Embedded by page_scripts.S.
extern const char mlean_vega[];
extern const char mlean_vega_end[];
extern const char mlean_vega_lite[];
extern const char mlean_vega_lite_end[];
extern const char mlean_vega_embed[];
extern const char mlean_vega_embed_end[];
}

namespace mlean::metrics {

PageScripts BuiltInScripts() {
  return {.vega = {mlean_vega, static_cast<std::size_t>(mlean_vega_end - mlean_vega)},
          .vega_lite = {mlean_vega_lite, static_cast<std::size_t>(mlean_vega_lite_end - mlean_vega_lite)},
          .vega_embed = {mlean_vega_embed, static_cast<std::size_t>(mlean_vega_embed_end - mlean_vega_embed)}};
}

}  // namespace mlean::metrics

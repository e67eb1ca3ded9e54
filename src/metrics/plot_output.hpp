// What `plots show` and `plots diff` give out: JSON (also for VS Code), one Vega-Lite specification, one HTML page.
//
//   TRY(const Json json, PlotsJson(plots, {.split = true, .image_folder = "/abs/dvc_plots"}));
//   for (const PlotImage& image : …) write(image_folder / ImageFileName(image), image.bytes);
//   TRY(const std::string page, PlotsPage(plots, {.scripts = BuiltInScripts()}));                  // dvc_plots/index.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "metrics/plot.hpp"
#include "metrics/vega_template.hpp"

namespace mlean::metrics {

// "workspace_sub_image.png": the file in the output folder (with --json) or in its "static" folder (with the page).
std::string ImageFileName(const PlotImage& image);

struct PlotsJsonOptions {
  bool split = false;
  std::string image_folder;  // absolute, for "url"
  TemplateFiles templates;
};

// {"data": {name: [{"type": "vega", "revisions", "content", "anchor_definitions"?} | {"type": "image", "revisions", "url"}]},
//  "errors": [{"name", "rev", "source"?, "type", "msg"}]}, empty ones absent. Errors of FindTemplate and FillTemplate.
Result<codec::Json> PlotsJson(const std::vector<Plot>& plots, const std::vector<PlotRevision>& revisions,
                              const PlotsJsonOptions& options);

// --show-vega: the first vega plot, filled; null without any.
Result<codec::Json> ShowVega(const std::vector<Plot>& plots, const TemplateFiles& templates);

// The programs that draw the specifications, as one minified script each (metrics/page_scripts.hpp). They go into a page that has
// data plots, which so needs no network; without them the page says so and holds the specifications.
struct PageScripts {
  std::string_view vega, vega_lite, vega_embed;
};

struct PageOptions {
  PageScripts scripts;
  TemplateFiles templates;
  bool embed_images = true;        // inside the page; else linked as "static/NAME"
  std::string_view html_template;  // the user's, with {plot_divs} and optionally {scripts}, {refresh_tag}; "" for ours
};

// Data plots first, then images by folder and number. All text from outside is escaped. Plots without points are left out, with
// their errors told. kInvalid "HTML template has to contain '{plot_divs}'.", and errors of FindTemplate and FillTemplate.
Result<std::string> PlotsPage(const std::vector<Plot>& plots, const PageOptions& options);

}  // namespace mlean::metrics

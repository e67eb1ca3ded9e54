// Vega-Lite v5 templates: the built-in ones, the user's own, and filling their anchors.
//
// A template is a JSON object in which texts like "<DVC_METRIC_DATA>" stand for what a plot brings. An anchor that is a whole
// text is replaced by the value, inside a longer text only by a text. Anchors: data, title, x, y, x_label, y_label, color,
// column, row, group_by, group_by_x, group_by_y, pivot_field, plot_height, plot_width, shape, stroke_dash, tooltip, zoom_and_pan.
// The built-in specifications are our own and draw what DVC's draw.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "metrics/plot.hpp"

namespace mlean::metrics {

// simple, linear, confusion, confusion_normalized, scatter, scatter_jitter, smooth, bar_horizontal_sorted, bar_horizontal.
const std::vector<std::string_view>& TemplateNames();
// kNotFound "Unexpected template: x." (the text of `plots templates x`).
Result<codec::Json> BuiltInTemplate(std::string_view name);

// Gives the bytes of the user's template file of this name, looked for as .dvc/plots/NAME, .dvc/plots/NAME.json, NAME; none:
// nothing.
using TemplateFiles = std::function<std::optional<std::string>(std::string_view name)>;

// The user's file first, then the built-in one; without a name it is "linear". kNotFound "Template 'x' not found.", kInvalid when
// the file is no JSON object.
Result<codec::Json> FindTemplate(const std::optional<std::string>& name, const TemplateFiles& files);

struct FilledTemplate {
  codec::Json content;  // {} for a plot without points
  codec::Json anchors;  // split only: {"<DVC_METRIC_DATA>": […], …}, in the order in which they were met
};

// `split`: the anchors color, data, plot_height, plot_width, shape, stroke_dash, title, tooltip, x_label, y_label and
// zoom_and_pan stay in the content, their values go to `anchors` (the VS Code extension fills them). Errors: kInvalid "Field 'x'
// does not exist in provided data.", "Template 'x' is not using '<DVC_METRIC_DATA>' anchor".
Result<FilledTemplate> FillTemplate(const codec::Json& content, const Plot& plot, bool split);

}  // namespace mlean::metrics

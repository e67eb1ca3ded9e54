#include "metrics/vega_specs.hpp"

namespace mlean::metrics {

namespace {

// One line a series.
constexpr std::string_view kSimple = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "width": "<DVC_METRIC_PLOT_WIDTH>",
  "height": "<DVC_METRIC_PLOT_HEIGHT>",
  "params": ["<DVC_METRIC_ZOOM_AND_PAN>"],
  "mark": {"type": "line", "tooltip": {"content": "data"}},
  "encoding": {
    "x": {"field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>"},
    "y": {"field": "<DVC_METRIC_Y>", "type": "quantitative", "title": "<DVC_METRIC_Y_LABEL>", "scale": {"zero": false}},
    "color": "<DVC_METRIC_COLOR>",
    "strokeDash": "<DVC_METRIC_STROKE_DASH>",
    "tooltip": "<DVC_METRIC_TOOLTIP>"
  }
})json";

// Lines smoothed by a slider (from hardly at all), the data behind them in faint lines, the last point of each marked, and under
// the pointer a rule that tells the values of all series at that x.
constexpr std::string_view kSmooth = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "width": "<DVC_METRIC_PLOT_WIDTH>",
  "height": "<DVC_METRIC_PLOT_HEIGHT>",
  "params": [{"name": "smooth", "value": 0.001, "bind": {"input": "range", "min": 0.001, "max": 1, "step": 0.001}}],
  "encoding": {
    "x": {"field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>"},
    "color": "<DVC_METRIC_COLOR>",
    "strokeDash": "<DVC_METRIC_STROKE_DASH>"
  },
  "layer": [
    {
      "transform": [{
        "loess": "<DVC_METRIC_Y>", "on": "<DVC_METRIC_X>", "groupby": "<DVC_METRIC_GROUP_BY>", "bandwidth": {"signal": "smooth"}
      }],
      "encoding": {
        "y": {"field": "<DVC_METRIC_Y>", "type": "quantitative", "title": "<DVC_METRIC_Y_LABEL>", "scale": {"zero": false}},
        "color": {"field": "rev", "type": "nominal"}
      },
      "layer": [
        {"mark": "line", "params": ["<DVC_METRIC_ZOOM_AND_PAN>"]},
        {"mark": "point", "transform": [{"filter": {"param": "hover", "empty": false}}]}
      ]
    },
    {
      "mark": {"type": "line", "opacity": 0.2},
      "encoding": {
        "x": {"field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>"},
        "y": {"field": "<DVC_METRIC_Y>", "type": "quantitative", "title": "<DVC_METRIC_Y_LABEL>", "scale": {"zero": false}},
        "color": {"field": "rev", "type": "nominal"}
      }
    },
    {
      "mark": {"type": "circle", "size": 10},
      "encoding": {
        "x": {"aggregate": "max", "field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>"},
        "y": {
          "aggregate": {"argmax": "<DVC_METRIC_X>"}, "field": "<DVC_METRIC_Y>", "type": "quantitative",
          "title": "<DVC_METRIC_Y_LABEL>", "scale": {"zero": false}
        },
        "color": {"field": "rev", "type": "nominal"}
      }
    },
    {
      "transform": [
        {"calculate": "<DVC_METRIC_PIVOT_FIELD>", "as": "pivot_field"},
        {"pivot": "pivot_field", "value": "<DVC_METRIC_Y>", "groupby": ["<DVC_METRIC_X>"], "op": "mean"}
      ],
      "mark": {"type": "rule", "stroke": "grey", "tooltip": {"content": "data"}},
      "encoding": {"opacity": {"value": 0, "condition": {"param": "hover", "empty": false, "value": 0.3}}},
      "params": [{
        "name": "hover",
        "select": {"type": "point", "fields": ["<DVC_METRIC_X>"], "nearest": true, "on": "mouseover", "clear": "mouseout"}
      }]
    }
  ]
})json";

// How often each pair of x and y occurs; a column a revision, a row a source; numbers are shown on demand.
constexpr std::string_view kConfusion = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "facet": {"column": {"field": "rev", "sort": []}, "row": "<DVC_METRIC_ROW>"},
  "params": [{"name": "showValues", "bind": {"input": "checkbox"}}],
  "spec": {
    "transform": [
      {"aggregate": [{"op": "count", "as": "xy_count"}], "groupby": ["<DVC_METRIC_Y>", "<DVC_METRIC_X>"]},
      {"impute": "xy_count", "key": "<DVC_METRIC_X>", "groupby": "<DVC_METRIC_GROUP_BY_Y>", "value": 0},
      {"impute": "xy_count", "key": "<DVC_METRIC_Y>", "groupby": "<DVC_METRIC_GROUP_BY_X>", "value": 0},
      {"joinaggregate": [{"op": "max", "field": "xy_count", "as": "max_count"}], "groupby": []},
      {"calculate": "datum.xy_count / datum.max_count", "as": "share"}
    ],
    "encoding": {
      "x": {"field": "<DVC_METRIC_X>", "type": "nominal", "sort": "ascending", "title": "<DVC_METRIC_X_LABEL>"},
      "y": {"field": "<DVC_METRIC_Y>", "type": "nominal", "sort": "ascending", "title": "<DVC_METRIC_Y_LABEL>"}
    },
    "layer": [
      {
        "mark": "rect",
        "width": "<DVC_METRIC_PLOT_WIDTH>",
        "height": "<DVC_METRIC_PLOT_HEIGHT>",
        "encoding": {
          "color": {"field": "xy_count", "type": "quantitative", "title": "", "scale": {"domainMin": 0, "nice": true}}
        }
      },
      {
        "mark": "rect",
        "params": [{
          "name": "pointed", "select": {"type": "point", "encodings": ["x", "y"], "on": "mouseover", "clear": "mouseout"}
        }],
        "encoding": {
          "opacity": {"value": 0, "condition": {"param": "pointed", "empty": false, "value": 1}},
          "tooltip": [
            {"field": "<DVC_METRIC_X>", "type": "nominal"},
            {"field": "<DVC_METRIC_Y>", "type": "nominal"},
            {"field": "xy_count", "type": "quantitative"}
          ]
        }
      },
      {
        "mark": {"type": "rect", "color": "lightpink"},
        "transform": [{"filter": {"param": "pointed", "empty": false}}]
      },
      {
        "mark": "text",
        "encoding": {
          "text": {"condition": {"param": "showValues", "field": "xy_count", "type": "quantitative"}},
          "color": {"value": "black", "condition": {"test": "datum.share > 0.5", "value": "white"}}
        }
      }
    ]
  }
})json";

// The same as a share of all with the same y.
constexpr std::string_view kConfusionNormalized = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "facet": {"column": {"field": "rev", "sort": []}, "row": "<DVC_METRIC_ROW>"},
  "spec": {
    "transform": [
      {"aggregate": [{"op": "count", "as": "xy_count"}], "groupby": ["<DVC_METRIC_Y>", "<DVC_METRIC_X>"]},
      {"impute": "xy_count", "key": "<DVC_METRIC_X>", "groupby": ["rev", "<DVC_METRIC_Y>"], "value": 0},
      {"impute": "xy_count", "key": "<DVC_METRIC_Y>", "groupby": "<DVC_METRIC_GROUP_BY_X>", "value": 0},
      {"joinaggregate": [{"op": "sum", "field": "xy_count", "as": "y_total"}], "groupby": ["<DVC_METRIC_Y>"]},
      {"calculate": "datum.xy_count / datum.y_total", "as": "share_of_y"}
    ],
    "encoding": {
      "x": {"field": "<DVC_METRIC_X>", "type": "nominal", "sort": "ascending", "title": "<DVC_METRIC_X_LABEL>"},
      "y": {"field": "<DVC_METRIC_Y>", "type": "nominal", "sort": "ascending", "title": "<DVC_METRIC_Y_LABEL>"}
    },
    "layer": [
      {
        "mark": "rect",
        "width": "<DVC_METRIC_PLOT_WIDTH>",
        "height": "<DVC_METRIC_PLOT_HEIGHT>",
        "encoding": {"color": {"field": "share_of_y", "type": "quantitative", "title": "", "scale": {"domain": [0, 1]}}}
      },
      {
        "mark": "rect",
        "params": [{
          "name": "pointed", "select": {"type": "point", "encodings": ["x", "y"], "on": "mouseover", "clear": "mouseout"}
        }],
        "encoding": {
          "opacity": {"value": 0, "condition": {"param": "pointed", "empty": false, "value": 1}},
          "tooltip": [
            {"field": "<DVC_METRIC_X>", "type": "nominal"},
            {"field": "<DVC_METRIC_Y>", "type": "nominal"},
            {"field": "share_of_y", "type": "quantitative", "format": ".2f"}
          ]
        }
      },
      {
        "mark": {"type": "rect", "color": "lightpink"},
        "transform": [{"filter": {"param": "pointed", "empty": false}}]
      },
      {
        "mark": "text",
        "encoding": {"color": {"value": "black", "condition": {"test": "datum.share_of_y > 0.5", "value": "white"}}}
      }
    ]
  }
})json";

constexpr std::string_view kScatter = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "width": "<DVC_METRIC_PLOT_WIDTH>",
  "height": "<DVC_METRIC_PLOT_HEIGHT>",
  "params": ["<DVC_METRIC_ZOOM_AND_PAN>"],
  "mark": {"type": "point", "tooltip": {"content": "data"}},
  "encoding": {
    "x": {"field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>"},
    "y": {"field": "<DVC_METRIC_Y>", "type": "quantitative", "title": "<DVC_METRIC_Y_LABEL>"},
    "color": "<DVC_METRIC_COLOR>",
    "shape": "<DVC_METRIC_SHAPE>",
    "tooltip": "<DVC_METRIC_TOOLTIP>"
  }
})json";

// Categories against categories, the points strewn within each pair.
constexpr std::string_view kScatterJitter = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "width": "<DVC_METRIC_PLOT_WIDTH>",
  "height": "<DVC_METRIC_PLOT_HEIGHT>",
  "transform": [{"calculate": "random()", "as": "jitter_x"}, {"calculate": "random()", "as": "jitter_y"}],
  "mark": {"type": "point", "tooltip": {"content": "data"}},
  "encoding": {
    "x": {"field": "<DVC_METRIC_X>", "title": "<DVC_METRIC_X_LABEL>"},
    "y": {"field": "<DVC_METRIC_Y>", "title": "<DVC_METRIC_Y_LABEL>"},
    "xOffset": {"field": "jitter_x", "type": "quantitative"},
    "yOffset": {"field": "jitter_y", "type": "quantitative"},
    "color": "<DVC_METRIC_COLOR>",
    "shape": "<DVC_METRIC_SHAPE>",
    "tooltip": "<DVC_METRIC_TOOLTIP>"
  }
})json";

// Bars to the right, one a y and revision, a column a source; the longest on top.
constexpr std::string_view kBarHorizontalSorted = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "width": "<DVC_METRIC_PLOT_WIDTH>",
  "height": "<DVC_METRIC_PLOT_HEIGHT>",
  "params": ["<DVC_METRIC_ZOOM_AND_PAN>"],
  "mark": "bar",
  "encoding": {
    "x": {"field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>", "scale": {"zero": false}},
    "y": {"field": "<DVC_METRIC_Y>", "type": "nominal", "title": "<DVC_METRIC_Y_LABEL>", "sort": "-x"},
    "yOffset": {"field": "rev", "sort": []},
    "color": "<DVC_METRIC_COLOR>",
    "column": "<DVC_METRIC_COLUMN>"
  }
})json";

constexpr std::string_view kBarHorizontal = R"json({
  "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
  "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"},
  "data": {"values": "<DVC_METRIC_DATA>"},
  "width": "<DVC_METRIC_PLOT_WIDTH>",
  "height": "<DVC_METRIC_PLOT_HEIGHT>",
  "params": ["<DVC_METRIC_ZOOM_AND_PAN>"],
  "mark": "bar",
  "encoding": {
    "x": {"field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>", "scale": {"zero": false}},
    "y": {"field": "<DVC_METRIC_Y>", "type": "nominal", "title": "<DVC_METRIC_Y_LABEL>"},
    "yOffset": {"field": "rev", "sort": []},
    "color": "<DVC_METRIC_COLOR>",
    "column": "<DVC_METRIC_COLUMN>"
  }
})json";

}  // namespace

const std::pair<std::string_view, std::string_view> kVegaSpecTexts[kVegaSpecs] = {
    {"simple", kSimple},
    {"linear", kSmooth},
    {"confusion", kConfusion},
    {"confusion_normalized", kConfusionNormalized},
    {"scatter", kScatter},
    {"scatter_jitter", kScatterJitter},
    {"smooth", kSmooth},
    {"bar_horizontal_sorted", kBarHorizontalSorted},
    {"bar_horizontal", kBarHorizontal},
};

}  // namespace mlean::metrics

// Plots ready to draw: definitions of all revisions joined by plot, data turned into points, x and y inferred, by DVC's rules.
//
// A vega plot's points are objects: the fields of the data, x under its name ("step" counts from 0 when none is given;
// "dvc_inferred_x_value" when files differ), "dvc_inferred_y_value" when several fields are drawn, and "rev", "filename",
// "field".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "metrics/plot_definition.hpp"

namespace mlean::metrics {

enum class PlotKind { kVega, kImage };

struct PlotImage {
  std::string revision;
  std::string file;
  std::string bytes;
};

struct PlotError {
  std::string revision;
  std::string source;  // the file in error; "" when the definition does not fit its data
  FileError error;
};

struct YSource {
  std::string file;  // of several files the common folder is cut off
  std::string field;
};

struct Plot {
  std::string name;  // the id; "dvc.yaml::id" when several files define it
  PlotKind kind = PlotKind::kVega;
  // Of a vega plot.
  codec::Json::Array points;
  std::string x, y;                     // names of fields; "" when unknown
  std::string x_label, y_label, title;  // "" when unknown, title never
  std::optional<std::string> template_name;
  std::vector<YSource> y_sources;
  // Of an image plot.
  std::vector<PlotImage> images;

  std::vector<std::string> revisions;  // those with points or images, in order
  std::vector<PlotError> errors;
};

// One plot an id (of images: one a file), in order of first mention. Revisions are drawn in the order given; DVC puts the
// workspace first.
std::vector<Plot> JoinPlots(const std::vector<PlotRevision>& revisions);

}  // namespace mlean::metrics

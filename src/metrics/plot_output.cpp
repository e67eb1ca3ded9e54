#include "metrics/plot_output.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace mlean::metrics {

using codec::Json;

namespace {

Json ErrorJson(const FileError& error, std::string_view name, std::string_view revision, std::string_view source) {
  Json::Object out;
  if (!name.empty()) out.emplace_back("name", name);
  out.emplace_back("rev", revision);
  if (!source.empty()) out.emplace_back("source", source);
  out.emplace_back("type", error.type);
  out.emplace_back("msg", error.msg);
  return out;
}

Result<Json> VegaJson(const Plot& plot, const PlotsJsonOptions& options) {
  if (plot.points.empty()) return Json(Json::Array{});
  TRY(const Json content, FindTemplate(plot.template_name, options.templates));
  TRY(FilledTemplate filled, FillTemplate(content, plot, options.split));
  Json::Object out{{"type", "vega"}, {"revisions", Json::Array(plot.revisions.begin(), plot.revisions.end())}};
  out.emplace_back("content", std::move(filled.content));
  if (options.split) out.emplace_back("anchor_definitions", std::move(filled.anchors));
  return Json(Json::Array{std::move(out)});
}

Json ImageJson(const Plot& plot, const std::string& folder) {
  Json::Array out;
  for (const PlotImage& image : plot.images) {
    out.push_back(Json::Object{{"type", "image"},
                               {"revisions", Json::Array{image.revision}},
                               {"url", fmt::format("{}/{}", folder, ImageFileName(image))}});
  }
  return out;
}

}  // namespace

std::string ImageFileName(const PlotImage& image) {
  std::string name = image.revision + "_" + image.file;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

Result<Json> PlotsJson(const std::vector<Plot>& plots, const std::vector<PlotRevision>& revisions,
                       const PlotsJsonOptions& options) {
  Json::Object data;
  Json::Array errors;
  for (const Plot& plot : plots) {
    Json drawn;
    if (plot.kind == PlotKind::kImage) {
      drawn = ImageJson(plot, options.image_folder);
    } else {
      TRY(drawn, VegaJson(plot, options));
    }
    data.emplace_back(plot.name, std::move(drawn));
    for (const PlotError& error : plot.errors) errors.push_back(ErrorJson(error.error, plot.name, error.revision, error.source));
  }
  for (const PlotRevision& revision : revisions) {
    if (revision.error) errors.push_back(ErrorJson(*revision.error, "", revision.revision, ""));
  }
  Json::Object out;
  if (!errors.empty()) out.emplace_back("errors", std::move(errors));
  if (!data.empty()) out.emplace_back("data", std::move(data));
  return Json(std::move(out));
}

Result<Json> ShowVega(const std::vector<Plot>& plots, const TemplateFiles& templates) {
  const auto plot = std::find_if(plots.begin(), plots.end(), [](const Plot& p) { return p.kind == PlotKind::kVega; });
  if (plot == plots.end()) return Json();
  TRY(const Json content, FindTemplate(plot->template_name, templates));
  TRY(FilledTemplate filled, FillTemplate(content, *plot, false));
  return std::move(filled.content);
}

}  // namespace mlean::metrics

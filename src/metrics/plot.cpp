#include "metrics/plot.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::string_view kIndex = "step";  // the x of data without one
constexpr std::string_view kInferredX = "dvc_inferred_x_value";
constexpr std::string_view kInferredY = "dvc_inferred_y_value";

// One definition of a plot in one revision.
struct Use {
  const PlotRevision* revision;
  const NamedPlot* plot;
};

struct Group {
  std::string id;
  std::vector<Use> uses;
};

using FileField = std::pair<std::string, std::string>;

// What the plot of one revision adds.
struct Series {
  Json::Array points;
  std::string x, y;
  std::string x_label, y_label;
  std::vector<YSource> y_sources;
};

FileError PlotFailure(std::string type, std::string msg) { return {std::move(type), std::move(msg)}; }

// The ids of a revision: an id that several files define is told by its file too.
std::vector<std::pair<std::string, const NamedPlot*>> PlotsById(const PlotRevision& revision) {
  std::vector<std::pair<const NamedPlot*, std::vector<const PlotConfig*>>> plots;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const PlotConfig& config : revision.configs) {
    for (const NamedPlot& plot : config.plots) {
      const auto [at, fresh] = places.emplace(plot.id, plots.size());
      if (fresh) plots.push_back({&plot, {}});
      plots[at->second].second.push_back(&config);
    }
  }
  std::vector<std::pair<std::string, const NamedPlot*>> out;
  for (const auto& [plot, configs] : plots) {
    if (configs.size() == 1) {
      out.emplace_back(plot->id, plot);
      continue;
    }
    for (const PlotConfig* config : configs) {
      const auto same =
          std::find_if(config->plots.begin(), config->plots.end(), [&id = plot->id](const auto& p) { return p.id == id; });
      out.emplace_back(config->file.empty() ? plot->id : config->file + "::" + plot->id, &*same);
    }
  }
  return out;
}

std::vector<Group> Groups(const std::vector<PlotRevision>& revisions) {
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> places;
  for (const PlotRevision& revision : revisions) {
    for (auto& [id, plot] : PlotsById(revision)) {
      const auto [at, fresh] = places.emplace(id, groups.size());
      if (fresh) groups.push_back({id, {}});
      groups[at->second].uses.push_back({&revision, plot});
    }
  }
  return groups;
}

// Of several revisions the first one's properties count, and the others' where it has none.
PlotProps Squashed(const std::vector<Use>& uses) {
  PlotProps props = Json::Object{};
  for (auto use = uses.rbegin(); use != uses.rend(); ++use) {
    if (!use->plot->props.IsObject()) continue;
    for (const auto& [key, value] : use->plot->props.AsObject()) props.Set(key, value);
  }
  return props;
}

const PlotSource* SourceAt(const PlotRevision& revision, const std::string& path) {
  const auto found = std::find_if(revision.sources.begin(), revision.sources.end(),
                                  [&](const PlotSource& source) { return source.path == path; });
  return found == revision.sources.end() ? nullptr : &*found;
}

std::vector<FileField> FileFields(const Json& axis) {
  std::vector<FileField> out;
  if (!axis.IsObject()) return out;
  for (const auto& [file, fields] : axis.AsObject()) {
    if (fields.IsString()) out.emplace_back(file, fields.AsString());
    if (!fields.IsArray()) continue;
    for (const Json& field : fields.AsArray()) {
      if (field.IsString()) out.emplace_back(file, field.AsString());
    }
  }
  return out;
}

// The only one of the fields, or `several`; nothing without any.
std::optional<std::string> OneField(const std::vector<FileField>& fields, std::string_view several) {
  if (fields.empty()) return std::nullopt;
  const bool one = std::all_of(fields.begin(), fields.end(), [&](const FileField& f) { return f.second == fields[0].second; });
  return one ? fields[0].second : std::string(several);
}

// Joins the data of one revision into points, as told by x and y of the properties or inferred from the data.
class SeriesBuilder {
 public:
  SeriesBuilder(const Use& use, const PlotProps& props) : use_(use), props_(props) {
    for (const std::string& path : PlotSourcePaths(*use.plot)) {
      const PlotSource* source = SourceAt(*use.revision, path);
      if (source != nullptr && (source->data.IsArray() || source->data.IsObject())) {
        contents_.emplace_back(path, &source->data);
        points_.emplace(path, DataPoints(source->data));
      }
    }
  }

  // The error, if any; a series without points is none.
  std::optional<FileError> Build(Series& out) {
    InferAxes();
    Label(out);
    xs_ = FileFields(x_);
    ys_ = FileFields(y_);
    if (auto error = CheckFields()) return error;
    if (xs_.size() > 1 && xs_.size() != ys_.size()) {
      return PlotFailure("DvcException",
                         fmt::format("Cannot have different number of x and y data sources. Found {} x and {} y data sources.",
                                     xs_.size(), ys_.size()));
    }
    const auto differ = [](const std::vector<FileField>& fields) {
      return std::any_of(fields.begin(), fields.end(), [&](const FileField& f) { return f.second != fields[0].second; });
    };
    const bool many_x = xs_.size() > 1 && differ(xs_);
    const bool many_y = differ(ys_);
    out.x = many_x ? std::string(kInferredX) : xs_.empty() ? std::string(kIndex) : xs_[0].second;
    out.y = many_y ? std::string(kInferredY) : ys_.empty() ? std::string() : ys_[0].second;
    const std::size_t prefix = CommonPrefix();
    for (const auto& [file, field] : ys_) out.y_sources.push_back({ShortName(file, prefix), field});
    for (std::size_t i = 0; i < ys_.size(); ++i) {
      Json::Array points = PointsOf(ys_[i].first);
      if (many_y) SetField(points, kInferredY, points, ys_[i].second);
      if (auto error = SetX(points, i, out.x)) return error;
      for (Json& point : points) {
        point.Set("rev", use_.revision->revision);
        point.Set("filename", out.y_sources[i].file);
        point.Set("field", out.y_sources[i].field);
      }
      out.points.insert(out.points.end(), std::make_move_iterator(points.begin()), std::make_move_iterator(points.end()));
    }
    return std::nullopt;
  }

 private:
  Json Prop(std::string_view key) const {
    const Json* value = props_.Find(key);
    return value == nullptr ? Json() : *value;
  }

  void InferAxes() {
    x_ = Prop("x");
    y_ = Prop("y");
    if (x_.IsString()) {
      Json::Object files;
      if (y_.IsObject()) {
        for (const auto& [file, fields] : y_.AsObject()) {
          files.emplace_back(file, fields.IsArray() ? Json(Json::Array(fields.AsArray().size(), x_)) : x_);
        }
      } else {
        files.emplace_back(use_.plot->id, x_);
      }
      x_ = Json(std::move(files));
    }
    if (y_.IsNull()) {
      y_ = InferredY();
    } else if (!y_.IsObject()) {
      y_ = Json(Json::Object{{use_.plot->id, y_}});
    }
  }

  // The last field of the first list of maps in the file that is the plot's id.
  Json InferredY() const {
    const auto own = std::find_if(contents_.begin(), contents_.end(), [&](const auto& c) { return c.first == use_.plot->id; });
    if (own == contents_.end()) return {};
    const std::optional<std::string> field = LastField(*own->second);
    return field ? Json(Json::Object{{use_.plot->id, *field}}) : Json();
  }

  static std::optional<std::string> LastField(const Json& content) {
    if (content.IsArray()) {
      const Json::Array& list = content.AsArray();
      const bool maps = std::all_of(list.begin(), list.end(), [](const Json& item) { return item.IsObject(); });
      if (list.empty() || !maps || list[0].AsObject().empty()) return std::nullopt;
      return list[0].AsObject().back().first;
    }
    if (!content.IsObject()) return std::nullopt;
    for (const auto& [key, value] : content.AsObject()) {
      if (auto field = LastField(value)) return field;
    }
    return std::nullopt;
  }

  void Label(Series& out) const {
    const Json x_label = Prop("x_label"), y_label = Prop("y_label");
    out.x_label = x_label.IsString() ? x_label.AsString()
                  : x_.IsObject()    ? OneField(FileFields(x_), "x").value_or("x")
                                     : std::string(kIndex);
    out.y_label = y_label.IsString() ? y_label.AsString() : OneField(FileFields(y_), "y").value_or(y_.IsObject() ? "y" : "");
  }

  std::optional<FileError> CheckFields() const {
    for (const auto* fields : {&xs_, &ys_}) {
      for (const auto& [file, field] : *fields) {
        const auto found = points_.find(file);
        if (found == points_.end()) continue;
        if (found->second.empty()) return PlotFailure("TypeError", "argument of type 'NoneType' is not iterable");
        if (found->second[0].Find(field) != nullptr) continue;
        std::vector<std::string> names;
        for (const auto& [name, value] : found->second[0].AsObject()) names.push_back(name);
        return PlotFailure("FieldNotFoundError",
                           fmt::format("Could not find provided field ('{}') in data fields ('{}').", field, Join(names, ", ")));
      }
    }
    return std::nullopt;
  }

  const Json::Array& PointsOf(const std::string& file) const {
    static const Json::Array kNone;
    const auto found = points_.find(file);
    return found == points_.end() ? kNone : found->second;
  }

  static void SetField(Json::Array& points, std::string_view name, const Json::Array& from, const std::string& field) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Json* value = from[i].Find(field);
      if (value == nullptr) continue;
      Json copy = *value;  // `value` may lie in the point that grows
      points[i].Set(name, std::move(copy));
    }
  }

  std::optional<FileError> SetX(Json::Array& points, std::size_t i, const std::string& name) const {
    if (xs_.empty()) {
      for (std::size_t k = 0; k < points.size(); ++k) points[k].Set(kIndex, k);
      return std::nullopt;
    }
    const auto& [file, field] = xs_[xs_.size() > 1 ? i : 0];
    const Json::Array& from = PointsOf(file);
    if (from.size() != points.size()) {
      return PlotFailure("DvcException",
                         fmt::format("Cannot join '{}' from '{}' and '{}' from '{}'. They have to have same length.", field, file,
                                     ys_[i].second, ys_[i].first));
    }
    SetField(points, name, from, field);
    return std::nullopt;
  }

  // Bytes of the folder that all files of y are in; 0 when there is a single file.
  std::size_t CommonPrefix() const {
    const bool several = std::any_of(ys_.begin(), ys_.end(), [&](const FileField& y) { return y.first != ys_[0].first; });
    if (!several) return 0;
    std::vector<std::string> common = Split(ys_[0].first, '/');
    for (const auto& [file, field] : ys_) {
      const std::vector<std::string> parts = Split(file, '/');
      std::size_t same = 0;
      while (same < std::min(common.size(), parts.size()) && common[same] == parts[same]) ++same;
      common.resize(same);
    }
    return Join(common, "/").size();
  }

  static std::string ShortName(std::string_view file, std::size_t prefix) {
    file.remove_prefix(prefix);
    while (!file.empty() && (file.front() == '/' || file.front() == '\\')) file.remove_prefix(1);
    while (!file.empty() && (file.back() == '/' || file.back() == '\\')) file.remove_suffix(1);
    return std::string(file);
  }

  const Use& use_;
  const PlotProps& props_;
  std::vector<std::pair<std::string, const Json*>> contents_;  // file: what it holds, not empty
  std::unordered_map<std::string, Json::Array> points_;        // file: its points
  Json x_, y_;                                                 // {file: field(s)} or null
  std::vector<FileField> xs_, ys_;
};

void AddSourceErrors(Plot& plot, const Use& use) {
  for (const std::string& path : PlotSourcePaths(*use.plot)) {
    const PlotSource* source = SourceAt(*use.revision, path);
    if (source != nullptr && source->error) plot.errors.push_back({use.revision->revision, path, *source->error});
  }
}

std::string TextProp(const PlotProps& props, std::string_view key) {
  const Json* value = props.Find(key);
  return value != nullptr && value->IsString() ? value->AsString() : "";
}

void AddRevision(Plot& plot, const std::string& revision) {
  if (std::find(plot.revisions.begin(), plot.revisions.end(), revision) == plot.revisions.end())
    plot.revisions.push_back(revision);
}

Plot ImagePlot(const Group& group) {
  Plot plot;
  plot.kind = PlotKind::kImage;
  plot.name = group.uses.back().plot->id;
  for (const Use& use : group.uses) {
    AddSourceErrors(plot, use);
    for (const std::string& path : PlotSourcePaths(*use.plot)) {
      const PlotSource* source = SourceAt(*use.revision, path);
      if (source == nullptr || source->image.empty()) continue;
      plot.images.push_back({use.revision->revision, path, source->image});
      AddRevision(plot, use.revision->revision);
    }
  }
  plot.title = plot.name;
  return plot;
}

Plot VegaPlot(const Group& group) {
  Plot plot;
  plot.name = group.id;
  const PlotProps props = Squashed(group.uses);
  std::vector<PlotError> definition_errors;
  for (const Use& use : group.uses) {
    AddSourceErrors(plot, use);
    Series series;
    if (auto error = SeriesBuilder(use, props).Build(series)) {
      definition_errors.push_back({use.revision->revision, "", *std::move(error)});
      continue;
    }
    if (series.points.empty()) continue;
    if (plot.points.empty()) {
      plot.x = std::move(series.x);
      plot.y = std::move(series.y);
      plot.x_label = std::move(series.x_label);
      plot.y_label = std::move(series.y_label);
      plot.y_sources = std::move(series.y_sources);
    }
    AddRevision(plot, use.revision->revision);
    plot.points.insert(plot.points.end(), std::make_move_iterator(series.points.begin()),
                       std::make_move_iterator(series.points.end()));
  }
  // A plot without points is drawn by its bare name.
  plot.title = plot.points.empty() ? "" : TextProp(props, "title");
  if (plot.title.empty()) plot.title = plot.name;
  if (!TextProp(props, "template").empty()) plot.template_name = TextProp(props, "template");
  plot.errors.insert(plot.errors.end(), definition_errors.begin(), definition_errors.end());
  return plot;
}

}  // namespace

std::vector<Plot> JoinPlots(const std::vector<PlotRevision>& revisions) {
  std::vector<Plot> plots;
  for (const Group& group : Groups(revisions)) {
    plots.push_back(IsPlotImage(group.uses.back().plot->id) ? ImagePlot(group) : VegaPlot(group));
  }
  return plots;
}

}  // namespace mlean::metrics

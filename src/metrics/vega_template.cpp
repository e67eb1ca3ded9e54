#include "metrics/vega_template.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "metrics/vega_specs.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::string_view kDefaultTemplate = "linear";
constexpr std::string_view kSeparator = "::";
constexpr int kPlotSize = 300;

// Anchors that a template may have; those it has are filled.
constexpr std::array<std::string_view, 13> kOptional = {"color",       "column",      "group_by_x",  "group_by_y", "group_by",
                                                        "pivot_field", "plot_height", "plot_width",  "row",        "shape",
                                                        "stroke_dash", "tooltip",     "zoom_and_pan"};
constexpr std::array<std::string_view, 11> kSplit = {"color",   "data",        "plot_height", "plot_width",
                                                     "shape",   "stroke_dash", "title",       "tooltip",
                                                     "x_label", "y_label",     "zoom_and_pan"};
constexpr std::array<std::string_view, 7> kColors = {"#945dd6", "#13adc7", "#f46837", "#48bb78", "#4299e1", "#ed8936", "#f56565"};
constexpr std::array<std::array<int, 2>, 7> kDashes = {{{1, 0}, {8, 8}, {8, 4}, {4, 4}, {4, 2}, {2, 1}, {1, 1}}};
constexpr std::array<std::string_view, 4> kShapes = {"circle", "square", "triangle", "diamond"};

std::string Anchor(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return "<DVC_METRIC_" + upper + ">";
}

// A name of a field in Vega's syntax, where "." and "[]" go into values.
std::string EscapedField(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '.' || c == '[' || c == ']') out += '\\';
    out += c;
  }
  return out;
}

bool HasText(const Json& content, std::string_view text) {
  if (content.IsString()) return content.AsString() == text;
  if (content.IsArray()) {
    return std::any_of(content.AsArray().begin(), content.AsArray().end(), [&](const Json& item) { return HasText(item, text); });
  }
  return content.IsObject() && std::any_of(content.AsObject().begin(), content.AsObject().end(),
                                           [&](const Json::Member& member) { return HasText(member.second, text); });
}

class Filler {
 public:
  Filler(const Json& content, const Plot& plot, bool split) : content_(content), plot_(plot), split_(split) {
    for (const std::string_view name : kOptional) {
      if (HasText(content, Anchor(name))) open_.insert(name);
    }
  }

  Result<FilledTemplate> Run() {
    if (plot_.points.empty()) return FilledTemplate{Json(Json::Object{}), Json(Json::Object{})};
    TRYV(CheckField(plot_.x));
    TRYV(CheckField(plot_.y));
    if (!split_ && !HasText(content_, Anchor("data"))) {
      const std::string name(plot_.template_name.value_or(std::string(kDefaultTemplate)));
      return Fail(Code::kInvalid, fmt::format("Template '{}' is not using '{}' anchor", name, Anchor("data")));
    }
    Json::Array points = plot_.points;
    if (!open_.empty()) FillOptional(points);
    Fill("title", plot_.title);
    if (!plot_.x.empty()) Fill("x", EscapedField(plot_.x));
    if (!plot_.y.empty()) Fill("y", EscapedField(plot_.y));
    if (!plot_.x_label.empty()) Fill("x_label", plot_.x_label);
    if (!plot_.y_label.empty()) Fill("y_label", plot_.y_label);
    Fill("data", Json(std::move(points)));
    return FilledTemplate{Replaced(content_), Json(std::move(anchors_))};
  }

 private:
  Result<void> CheckField(const std::string& field) const {
    const bool there = field.empty() || std::any_of(plot_.points.begin(), plot_.points.end(),
                                                    [&](const Json& point) { return point.Find(field) != nullptr; });
    if (!there) return Fail(Code::kInvalid, fmt::format("Field '{}' does not exist in provided data.", field));
    return {};
  }

  void Fill(std::string_view name, Json value) {
    const bool apart = split_ && std::find(kSplit.begin(), kSplit.end(), name) != kSplit.end();
    (apart ? anchors_ : values_).emplace_back(Anchor(name), std::move(value));
  }

  // Fills an optional anchor that the template has and that is not filled yet.
  void FillOpen(std::string_view name, Json value) {
    if (open_.erase(name) > 0) Fill(name, std::move(value));
  }

  void FillOptional(Json::Array& points) {
    const std::vector<std::string>& revisions = plot_.revisions;
    FillOpen("color", Mapping(
                          "rev", revisions, kColors.size(), [](std::size_t i) { return Json(kColors[i]); }, false));
    FillOpen("zoom_and_pan", Json::Object{{"name", "grid"}, {"select", "interval"}, {"bind", "scales"}});
    FillOpen("plot_height", kPlotSize);
    FillOpen("plot_width", kPlotSize);
    if (plot_.y_sources.size() <= 1) {
      FillGroups({"rev"});
      FillOpen("pivot_field", "datum.rev");
      FillTooltip("");
      for (const std::string_view name : open_) values_.emplace_back(Anchor(name), Json::Object{});
      open_.clear();
      KeepFields(points, {});
      return;
    }
    FillSeveral(points);
  }

  // Several sources: told apart by what varies among them, file, field or both.
  void FillSeveral(Json::Array& points) {
    std::set<std::string> files, fields, both;
    for (const YSource& source : plot_.y_sources) {
      files.insert(source.file);
      fields.insert(source.field);
      both.insert(fmt::format("{}{}{}", source.file, kSeparator, source.field));
    }
    std::vector<std::string> varied;
    if (files.size() > 1) varied.emplace_back("filename");
    if (fields.size() > 1) varied.emplace_back("field");
    const std::set<std::string>& values = varied.size() == 2 ? both : files.size() > 1 ? files : fields;
    const std::vector<std::string> domain(values.begin(), values.end());
    const std::string key = Join(varied, kSeparator);
    FillGroups({"rev", key});
    std::string pivot = "datum.rev";
    for (const std::string& name : varied) pivot += fmt::format(" + '{}' + datum.{}", kSeparator, name);
    FillOpen("pivot_field", pivot);
    FillOpen("row", Json::Object{{"field", key}, {"sort", Json::Array{}}});
    FillOpen("column", Json::Object{{"field", key}, {"sort", Json::Array{}}});
    FillTooltip(key);
    const auto dash = [](std::size_t i) { return Json(Json::Array{kDashes[i][0], kDashes[i][1]}); };
    FillOpen("stroke_dash", Mapping(key, domain, kDashes.size(), dash, true));
    FillOpen("shape", Mapping(
                          key, domain, kShapes.size(), [](std::size_t i) { return Json(kShapes[i]); }, true));
    KeepFields(points, varied);
  }

  void FillGroups(const Json::Array& keys) {
    Json::Array by_x = keys, by_y = keys;
    by_x.emplace_back(plot_.x);
    by_y.emplace_back(plot_.y);
    FillOpen("group_by", keys);
    FillOpen("group_by_x", std::move(by_x));
    FillOpen("group_by_y", std::move(by_y));
  }

  void FillTooltip(const std::string& extra) {
    Json::Array fields;
    for (const std::string& field : {std::string("rev"), plot_.x, plot_.y}) fields.push_back(Json::Object{{"field", field}});
    if (!extra.empty()) fields.push_back(Json::Object{{"field", extra}});
    FillOpen("tooltip", std::move(fields));
  }

  // A scale that gives the values of `field` marks in turn, from the start again when they are used up.
  template <class MarkAt>
  static Json Mapping(const std::string& field, const std::vector<std::string>& domain, std::size_t marks, MarkAt mark_at,
                      bool legend) {
    Json::Array range;
    for (std::size_t i = 0; i < domain.size(); ++i) range.push_back(mark_at(i % marks));
    Json::Object out{{"field", field},
                     {"scale", Json::Object{{"domain", Json::Array(domain.begin(), domain.end())}, {"range", std::move(range)}}}};
    if (legend) out.emplace_back("legend", Json::Object{{"symbolFillColor", "transparent"}, {"symbolStrokeColor", "grey"}});
    return out;
  }

  // Points keep of "filename" and "field" only what varies; both become one field.
  static void KeepFields(Json::Array& points, const std::vector<std::string>& varied) {
    for (Json& point : points) {
      Json::Object& members = point.AsObject();
      if (varied.size() == 2) {
        const auto text = [&](std::string_view name) {
          const Json* value = point.Find(name);
          return value != nullptr && value->IsString() ? value->AsString() : "";
        };
        point.Set(Join(varied, kSeparator), fmt::format("{}{}{}", text("filename"), kSeparator, text("field")));
      }
      std::erase_if(members, [&](const Json::Member& member) {
        const bool told = varied.size() == 1 && member.first == varied[0];
        return !told && (member.first == "filename" || member.first == "field");
      });
    }
  }

  Json Replaced(const Json& content) const {
    if (content.IsString()) return ReplacedText(content.AsString());
    if (content.IsArray()) {
      Json::Array out;
      out.reserve(content.AsArray().size());
      for (const Json& item : content.AsArray()) out.push_back(item.IsString() ? WholeText(item.AsString()) : Replaced(item));
      return out;
    }
    if (!content.IsObject()) return content;
    Json::Object out;
    out.reserve(content.AsObject().size());
    for (const auto& [key, value] : content.AsObject()) out.emplace_back(key, Replaced(value));
    return out;
  }

  // Texts in lists are replaced only as a whole.
  Json WholeText(const std::string& text) const {
    const auto found =
        std::find_if(values_.begin(), values_.end(), [&](const Json::Member& value) { return value.first == text; });
    return found == values_.end() ? Json(text) : found->second;
  }

  Json ReplacedText(const std::string& text) const {
    if (text.find("<DVC_METRIC_") == std::string::npos) return text;
    const Json whole = WholeText(text);
    if (!whole.IsString() || whole.AsString() != text) return whole;
    std::string out = text;
    for (const auto& [anchor, value] : values_) {
      if (value.IsString()) out = ReplaceAll(out, anchor, value.AsString());
    }
    return out;
  }

  const Json& content_;
  const Plot& plot_;
  bool split_;
  std::set<std::string_view> open_;  // optional anchors of the template that are not filled yet
  Json::Object values_;              // anchor: value, for the content
  Json::Object anchors_;             // anchor: value, left out of the content
};

}  // namespace

const std::vector<std::string_view>& TemplateNames() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names;
    for (const auto& [name, text] : kVegaSpecTexts) names.push_back(name);
    return names;
  }();
  return kNames;
}

Result<Json> BuiltInTemplate(std::string_view name) {
  for (const auto& [known, text] : kVegaSpecTexts) {
    if (known == name) return Json::Parse(text);
  }
  return Fail(Code::kNotFound, fmt::format("Unexpected template: {}.", name));
}

Result<Json> FindTemplate(const std::optional<std::string>& name, const TemplateFiles& files) {
  const std::string wanted = name.value_or(std::string(kDefaultTemplate));
  if (const std::optional<std::string> bytes = files ? files(wanted) : std::nullopt) {
    Result<Json> content = Json::Parse(*bytes, {.allow_nan = true});
    if (!content) return Fail(Code::kInvalid, fmt::format("cannot read template '{}': {}", wanted, content.error().what));
    if (!content->IsObject()) return Fail(Code::kInvalid, fmt::format("cannot read template '{}': it is no JSON object", wanted));
    return content;
  }
  Result<Json> built_in = BuiltInTemplate(wanted);
  if (!built_in) return Fail(Code::kNotFound, fmt::format("Template '{}' not found.", wanted));
  return built_in;
}

Result<FilledTemplate> FillTemplate(const Json& content, const Plot& plot, bool split) {
  return Filler(content, plot, split).Run();
}

}  // namespace mlean::metrics

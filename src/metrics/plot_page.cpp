// The HTML page of `plots show` and `plots diff`.
#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "metrics/plot_output.hpp"

namespace mlean::metrics {

namespace {

constexpr std::string_view kPage = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{refresh_tag}
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>DVC Plot</title>
{scripts}
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:1.5em;color:#1a1d21;background:#fff}
.plot{margin:0 0 2em}
.images{border:1px solid #cfd5dc;border-radius:4px;padding:.5em 1em;overflow-x:auto;white-space:nowrap}
figure{display:inline-block;margin:.5em;border:1px dotted #8b949e;padding:.5em;text-align:center}
.error{color:#b42318}
</style>
</head>
<body>
{plot_divs}
</body>
</html>
)html";
constexpr std::string_view kPlotDivs = "{plot_divs}";

// A page must not end its script where a program or a text has "</script".
std::string ScriptText(std::string_view program) { return ReplaceAll(program, "</script", "<\\/script"); }

// In JSON, "<" stands only inside texts.
std::string SpecText(const codec::Json& spec) { return ReplaceAll(spec.DumpPython(), "<", "\\u003c"); }

std::string Scripts(const PageScripts& scripts) {
  if (scripts.vega.empty() || scripts.vega_lite.empty() || scripts.vega_embed.empty()) return "";
  std::string out;
  for (const std::string_view program : {scripts.vega, scripts.vega_lite, scripts.vega_embed}) {
    out += "<script>" + ScriptText(program) + "</script>\n";
  }
  return out;
}

// The name as an id, as DVC makes it: punctuation and blanks become "_". Ids that would occur twice get a number.
class Ids {
 public:
  std::string Make(std::string_view name) {
    constexpr std::string_view kSpecial = "!@#$%^&*()[]{};,<>?\\/:.|`~=_+ \"'";
    std::string id(name);
    for (char& c : id) {
      if (kSpecial.find(c) != std::string_view::npos || (c >= 0 && c < ' ')) c = '_';
    }
    std::string unique = id;
    for (int i = 2; !used_.insert(unique).second; ++i) unique = fmt::format("{}-{}", id, i);
    return unique;
  }

 private:
  std::set<std::string> used_;
};

std::string_view ImageType(std::string_view file) {
  if (file.ends_with(".svg")) return "image/svg+xml";
  if (file.ends_with(".png")) return "image/png";
  if (file.ends_with(".gif")) return "image/gif";
  return "image/jpeg";
}

std::string ErrorLines(const Plot& plot) {
  std::string out;
  for (const PlotError& error : plot.errors) {
    out += fmt::format("<p class=\"error\">{} in {}: {}</p>\n", HtmlEscape(plot.name), HtmlEscape(error.revision),
                       HtmlEscape(error.error.msg));
  }
  return out;
}

std::string ImageDiv(const Plot& plot, const PageOptions& options, Ids& ids) {
  if (plot.images.empty()) return ErrorLines(plot);
  std::string out =
      fmt::format("<div class=\"plot images\" id=\"{}\">\n<p>{}</p>\n", HtmlEscape(ids.Make(plot.name)), HtmlEscape(plot.name));
  for (const PlotImage& image : plot.images) {
    const std::string source = options.embed_images ? fmt::format("data:{};base64,{}", ImageType(image.file), Base64(image.bytes))
                                                    : "static/" + ImageFileName(image);
    out += fmt::format("<figure><figcaption>{0}</figcaption><img alt=\"{0}\" src=\"{1}\"></figure>\n", HtmlEscape(image.revision),
                       HtmlEscape(source));
  }
  return out + "</div>\n" + ErrorLines(plot);
}

Result<std::string> VegaDiv(const Plot& plot, const PageOptions& options, bool drawable, Ids& ids) {
  if (plot.points.empty()) return ErrorLines(plot);
  TRY(const codec::Json content, FindTemplate(plot.template_name, options.templates));
  TRY(const FilledTemplate filled, FillTemplate(content, plot, false));
  const std::string id = ids.Make(plot.name), spec = SpecText(filled.content);
  if (!drawable) {
    return fmt::format(
        "<div class=\"plot\" id=\"{}\"><p>{}: this build cannot draw</p><script type=\"application/json\">{}</script></div>\n",
        HtmlEscape(id), HtmlEscape(plot.name), spec);
  }
  // Found by its id as text, so that no name can break out of a selector.
  const std::string quoted = ReplaceAll(codec::Json(id).DumpPython(), "<", "\\u003c");
  return fmt::format("<div class=\"plot\" id=\"{}\"></div>\n<script>vegaEmbed(document.getElementById({}), {});</script>\n{}",
                     HtmlEscape(id), quoted, spec, ErrorLines(plot));
}

// Data plots as they come, then images by folder, number and name.
std::vector<const Plot*> InPageOrder(const std::vector<Plot>& plots) {
  std::vector<const Plot*> out;
  for (const Plot& plot : plots) out.push_back(&plot);
  const auto key = [](const Plot* plot) {
    if (plot->kind != PlotKind::kImage) return std::tuple<bool, std::string, std::int64_t, std::string>();
    const std::size_t slash = plot->name.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : plot->name.substr(0, slash);
    const std::string file = slash == std::string::npos ? plot->name : plot->name.substr(slash + 1);
    return std::tuple(true, folder, ParseInt(file.substr(0, file.rfind('.'))).value_or(-1), file);
  };
  std::stable_sort(out.begin(), out.end(), [&](const Plot* a, const Plot* b) { return key(a) < key(b); });
  return out;
}

}  // namespace

Result<std::string> PlotsPage(const std::vector<Plot>& plots, const PageOptions& options) {
  const std::string_view page = options.html_template.empty() ? kPage : options.html_template;
  const std::size_t at = page.find(kPlotDivs);
  if (at == std::string_view::npos) return Fail(Code::kInvalid, "HTML template has to contain '{plot_divs}'.");
  const bool any = std::any_of(plots.begin(), plots.end(), [](const Plot& p) { return !p.points.empty(); });
  const std::string scripts = any ? Scripts(options.scripts) : std::string();
  // A user's template may bring the programs itself.
  const bool drawable = !scripts.empty() || !options.html_template.empty();
  Ids ids;
  std::string divs;
  for (const Plot* plot : InPageOrder(plots)) {
    if (plot->kind == PlotKind::kImage) {
      divs += ImageDiv(*plot, options, ids);
    } else {
      TRY(const std::string div, VegaDiv(*plot, options, drawable, ids));
      divs += div;
    }
  }
  // The parts around the plots are filled first: what is filled in must not be looked through again.
  const auto filled = [&](std::string_view part) {
    const std::string without_refresh = ReplaceAll(part, "{refresh_tag}\n", "");
    return ReplaceAll(ReplaceAll(without_refresh, "{refresh_tag}", ""), "{scripts}", scripts);
  };
  return filled(page.substr(0, at)) + divs + filled(page.substr(at + kPlotDivs.size()));
}

}  // namespace mlean::metrics

#include "metrics/golden_test.hpp"
#include "metrics/page_scripts.hpp"

namespace mlean::metrics {
namespace {

using codec::Json;

constexpr PageScripts kScripts{.vega = "var v='</script>';", .vega_lite = "l()", .vega_embed = "e()"};

Plot DataPlot(std::string name) {
  Plot plot;
  plot.name = std::move(name);
  plot.points = {
      Json::Object{{"step", 0}, {"loss", "</script><b>"}, {"rev", "workspace"}, {"filename", "p.csv"}, {"field", "loss"}}};
  plot.x = plot.x_label = "step";
  plot.y = plot.y_label = "loss";
  plot.title = "{scripts} & <i>";
  plot.y_sources = {{"p.csv", "loss"}};
  plot.revisions = {"workspace"};
  return plot;
}

Plot ImagePlot(std::string name) {
  Plot plot;
  plot.name = name;
  plot.kind = PlotKind::kImage;
  plot.images = {{"HEAD", std::move(name), "\x89PNG"}};
  return plot;
}

std::size_t Count(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++count;
  return count;
}

TEST(PlotPage, HoldsAllItNeedsAndEscapesWhatItIsGiven) {
  const std::string page = *PlotsPage({DataPlot("a\"</script><x>"), DataPlot("p.csv"), DataPlot("p csv")}, {.scripts = kScripts});
  EXPECT_EQ(page.find("src="), page.npos) << page;
  EXPECT_EQ(page.find("<x>"), page.npos) << page;
  EXPECT_EQ(page.find("<b>"), page.npos) << page;
  EXPECT_EQ(page.find("<i>"), page.npos) << page;
  EXPECT_NE(page.find("var v='<\\/script>';"), page.npos) << page;
  EXPECT_EQ(Count(page, "<script"), Count(page, "</script>")) << page;
  EXPECT_EQ(Count(page, "<script"), 6u) << page;
  // What stands in data is not filled in, and equal ids are told apart.
  EXPECT_NE(page.find("{scripts} & \\u003ci>"), page.npos) << page;
  EXPECT_NE(page.find("id=\"p_csv\""), page.npos) << page;
  EXPECT_NE(page.find("id=\"p_csv-2\""), page.npos) << page;
  EXPECT_NE(page.find("vegaEmbed(document.getElementById(\"p_csv-2\"), {\"$schema\""), page.npos) << page;
}

TEST(PlotPage, WithoutScriptsItSaysSoAndHoldsTheSpecification) {
  const std::string page = *PlotsPage({DataPlot("p.csv")}, {});
  EXPECT_NE(page.find("p.csv: this build cannot draw"), page.npos) << page;
  EXPECT_NE(page.find("{\"$schema\""), page.npos) << page;
}

TEST(PlotPage, ImagesAreInsideInOrderOfTheirNumbers) {
  const std::string page = *PlotsPage({ImagePlot("d/10.png"), ImagePlot("d/9.png"), DataPlot("p.csv")}, {.scripts = kScripts});
  EXPECT_NE(page.find("<img alt=\"HEAD\" src=\"data:image/png;base64,iVBORw==\">"), page.npos) << page;
  EXPECT_LT(page.find("id=\"p_csv\""), page.find("d/9.png"));
  EXPECT_LT(page.find("d/9.png"), page.find("d/10.png"));
  const std::string linked = *PlotsPage({ImagePlot("d/9.png")}, {.scripts = kScripts, .embed_images = false});
  EXPECT_NE(linked.find("src=\"static/HEAD_d_9.png\""), linked.npos) << linked;
  EXPECT_EQ(linked.find("<script"), linked.npos) << "nothing to draw";
}

TEST(PlotPage, TheUsersTemplate) {
  const std::string page =
      *PlotsPage({ImagePlot("a.png")}, {.html_template = "<p>{refresh_tag}{scripts}</p>{plot_divs}<p>{plot_divs}</p>"});
  EXPECT_TRUE(page.starts_with("<p></p><div class=\"plot images\" id=\"a_png\">")) << page;
  EXPECT_EQ(PlotsPage({}, {.html_template = "<p></p>"}).error().what, "HTML template has to contain '{plot_divs}'.");
}

// In a facet Vega-Lite cannot do without the groups of an aggregate, though its schema lets them be left out.
void ExpectGroups(const Json& spec, std::string_view name) {
  if (spec.IsArray()) {
    for (const Json& item : spec.AsArray()) ExpectGroups(item, name);
  } else if (spec.IsObject()) {
    const bool groups = spec.Find("joinaggregate") != nullptr || spec.Find("aggregate") != nullptr;
    EXPECT_TRUE(!groups || spec.Find("groupby") != nullptr || spec.Find("field") != nullptr) << name << ": " << spec.DumpPython();
    for (const auto& [key, value] : spec.AsObject()) ExpectGroups(value, name);
  }
}

TEST(PlotPage, BuiltInTemplatesNameTheirGroups) {
  for (const std::string_view name : TemplateNames()) ExpectGroups(*BuiltInTemplate(name), name);
}

TEST(PlotPage, TheProgramsAreBuiltIn) {
  const PageScripts scripts = BuiltInScripts();
  if (scripts.vega.empty()) GTEST_SKIP() << "not fetched";
  for (const std::string_view program : {scripts.vega, scripts.vega_lite, scripts.vega_embed}) {
    EXPECT_GT(program.size(), 50000u);
    EXPECT_EQ(program.find("<script"), program.npos);
  }
  EXPECT_NE(scripts.vega_embed.find("vegaEmbed="), std::string_view::npos);
}

}  // namespace
}  // namespace mlean::metrics

#include "metrics/dag.hpp"

#include <algorithm>

#include "metrics/golden_test.hpp"

namespace mlean::metrics {
namespace {

using codec::Json;

DagGraph ReadGraph(const Json& golden) {
  DagGraph graph;
  graph.nodes = Texts(*golden.Find("nodes"));
  for (const Json& edge : golden.Find("edges")->AsArray()) {
    graph.edges.emplace_back(static_cast<std::size_t>(edge.AsArray()[0].AsInt()),
                             static_cast<std::size_t>(edge.AsArray()[1].AsInt()));
  }
  return graph;
}

void ExpectShown(const DagGraph& graph, const Json& shown, bool ordered = true) {
  std::vector<std::string> nodes = graph.nodes;
  std::sort(nodes.begin(), nodes.end());
  EXPECT_EQ(nodes, Texts(*shown.Find("nodes")));
  if (ordered) {
    EXPECT_EQ(DagDot(graph), Text(shown, "dot"));
  } else {
    EXPECT_EQ(SortedLines(DagDot(graph)), SortedLines(Text(shown, "dot")));
  }
  EXPECT_EQ(SortedLines(DagMermaid(graph, true)).size(), SortedLines(Text(shown, "md")).size());
  if (!ordered) return;
  EXPECT_EQ(DagMermaid(graph, false), Text(shown, "mermaid"));
  EXPECT_EQ(DagMermaid(graph, true), Text(shown, "md"));
}

TEST(Dag, DotAndMermaidAsTheRealTool) {
  for (const Json& golden : GoldenCases("dag.jsonl")) {
    const DagGraph graph = ReadGraph(golden);
    SCOPED_TRACE(golden.Find("nodes")->Dump());
    ExpectShown(graph, *golden.Find("all"));
    // What is collapsed comes in the order of a Python set there.
    ExpectShown(CollapseForeach(graph), *golden.Find("collapsed"), false);
    if (golden.Find("target") == nullptr) continue;
    const std::string target = Text(golden, "target");
    ExpectShown(*FilterDag(graph, {target}, false), *golden.Find("needs"));
    ExpectShown(*FilterDag(graph, {target}, true), *golden.Find("part"));
  }
}

TEST(Dag, AnUnknownTargetIsAnError) {
  const Result<DagGraph> missing = FilterDag({{"a"}, {}}, {"b"}, false);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(FilterDag({{"a"}, {}}, {}, false)->nodes, std::vector<std::string>{"a"});
}

TEST(Dag, Drawing) {
  EXPECT_EQ(DagAscii({}), "");
  EXPECT_EQ(DagAscii({{"b", "a"}, {{0, 1}}}), "+---+\n| a |\n+---+\n  *\n  *\n  *\n+---+\n| b |\n+---+");
  EXPECT_EQ(DagAscii({{"日本", "é"}, {}}), "+------+\n| 日本 |\n+------+\n+---+\n| é |\n+---+");
  // A long edge passes beside the box between its ends.
  EXPECT_EQ(DagAscii({{"a", "b", "c"}, {{1, 0}, {2, 1}, {2, 0}}}), R"(    +---+
    | a |
    +---+
      *
    *   *
  *      *
+---+    *
| b |    *
+---+    *
  *      *
    *   *
      *
    +---+
    | c |
    +---+)");
}

// Every box is drawn once and whole, whatever the graph.
TEST(Dag, DrawingKeepsEveryBox) {
  for (const Json& golden : GoldenCases("dag.jsonl")) {
    const DagGraph graph = ReadGraph(golden);
    const std::string drawn = DagAscii(graph);
    for (const std::string& node : graph.nodes) {
      const std::size_t at = drawn.find("| " + node + " |");
      EXPECT_NE(at, std::string::npos) << node << "\n" << drawn;
      EXPECT_EQ(drawn.find("| " + node + " |", at + 1), std::string::npos) << drawn;
    }
  }
}

TEST(Dag, WhatIsTooLargeToDrawIsListed) {
  DagGraph graph;
  graph.nodes.emplace_back("all");
  for (std::size_t i = 1; i <= 400; ++i) {
    graph.nodes.push_back(std::string(4000, 'x') + std::to_string(i));
    graph.edges.emplace_back(i, 0);
  }
  const std::string drawn = DagAscii(graph);
  EXPECT_TRUE(drawn.starts_with("all\nxxx")) << drawn.substr(0, 100);
  EXPECT_NE(drawn.find("x400 <- all"), std::string::npos);
  // A chain of thousands of stages is long, not wide.
  DagGraph chain;
  for (std::size_t i = 0; i < 5000; ++i) {
    chain.nodes.push_back("s" + std::to_string(i));
    if (i > 0) chain.edges.emplace_back(i, i - 1);
  }
  EXPECT_NE(DagAscii(chain).find("| s4999 |"), std::string::npos);
  for (std::size_t i = 2; i < 5000; ++i) chain.edges.emplace_back(i, 0);
  EXPECT_NE(DagAscii(chain).find("s4999 <- s4998, s0"), std::string::npos);
}

}  // namespace
}  // namespace mlean::metrics

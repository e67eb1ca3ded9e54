#include "codec/yaml_tree.hpp"

#include <fmt/core.h>

#include <fstream>

#include "codec/json.hpp"

namespace mlean::codec {
namespace {

Json ErrorOf(const YamlProblem& problem) {
  const auto mark = [](Json::Array& out, const std::optional<YamlProblem::Mark>& at) {
    out.push_back(at ? Json(at->line) : Json());
    out.push_back(at ? Json(at->column) : Json());
  };
  Json::Array error;
  error.push_back(problem.context.empty() ? Json() : Json(problem.context));
  mark(error, problem.context_mark);
  error.push_back(problem.problem.empty() ? Json() : Json(problem.problem));
  mark(error, problem.problem_mark);
  return error;
}

// What str() of ruamel's error gives.
TEST(YamlTree, ReportsErrorsAsRuamelPrintsThem) {
  const auto report = [](const std::string& text) {
    YamlProblem problem;
    return YamlTree::Parse(text, &problem) ? std::string("no error") : problem.Report(text);
  };
  const std::string b(60, 'b');
  const std::string c(60, 'c');
  EXPECT_EQ(report("a: [\n"),
            "while parsing a flow node\nexpected the node content, but found '<stream end>'\n"
            "  in \"<unicode string>\", line 2, column 1:\n    \n    ^ (line: 2)");
  EXPECT_EQ(report("x: 1\nä: " + b + ": " + c + "\n"),
            "mapping values are not allowed here\n  in \"<unicode string>\", line 2, column 64:\n     ... " + b.substr(0, 32) +
                ": " + c.substr(0, 30) + " ... \n" + std::string(41, ' ') + "^ (line: 2)");
  EXPECT_EQ(report("k: \"é" + std::string(50, 'z') + "\n"),
            "while scanning a quoted scalar\n  in \"<unicode string>\", line 1, column 4:\n    k: \"é" + std::string(30, 'z') +
                " ... \n       ^ (line: 1)\nfound unexpected end of stream\n  in \"<unicode string>\", line 2, column 1:\n    \n"
                "    ^ (line: 2)");
  EXPECT_EQ(
      report("a: 1\na: 2\n"),
      "while constructing a mapping\n  in \"<unicode string>\", line 1, column 1:\n    a: 1\n    ^ (line: 1)\n"
      "found duplicate key \"a\" with value \"2\" (original value: \"1\")\n  in \"<unicode string>\", line 2, column 1:\n"
      "    a: 2\n    ^ (line: 2)\n\nTo suppress this check see:\n    https://yaml.dev/doc/ruamel.yaml/api/#Duplicate_keys\n");
}

// Golden values by ruamel.yaml and DVC's apply_diff (tests/golden/codec/make_yaml_roundtrip.py).
TEST(YamlTree, RewritesAsRuamelDoes) {
  const char* const other = std::getenv("MLEAN_YAML_GOLDEN");
  std::ifstream file(other != nullptr ? other : MLEAN_SOURCE_DIR "/tests/golden/codec/yaml_roundtrip.jsonl");
  int rows = 0;
  int wrong = 0;
  const int most = other != nullptr ? 1000 : 6;
  for (std::string line; std::getline(file, line); ++rows) {
    const Json row = *Json::Parse(line, {.allow_nan = true});
    const std::string& text = row.Find("text")->AsString();
    YamlProblem problem;
    Result<YamlTree> tree = YamlTree::Parse(text, &problem);
    if (const Json* const error = row.Find("error")) {
      const Json ours = tree ? Json("no error") : ErrorOf(problem);
      if (!(ours == *error) && ++wrong < most)
        ADD_FAILURE() << text << "\nours: " << ours.Dump() << "\nruamel: " << error->Dump();
      continue;
    }
    if (!tree) {
      if (++wrong < most) ADD_FAILURE() << text << "\n" << tree.error().what;
      continue;
    }
    if (const Json* const value = row.Find("value")) {
      ASSERT_TRUE(tree->Apply({}, *value)) << text;
    }
    const std::string& golden = row.Find("dump")->AsString();
    const std::string ours = tree->Write();
    if (ours != golden && ++wrong < most) {
      const Json* const value = row.Find("value");
      ADD_FAILURE() << text << "\nvalue: " << (value == nullptr ? "" : value->Dump(true)) << "\nours:\n"
                    << ours << "\nruamel:\n"
                    << golden;
    }
  }
  EXPECT_EQ(wrong, 0) << "of " << rows;
  EXPECT_GT(rows, 800);
}

TEST(YamlTree, PiecesJoinToTheWhole) {
  YamlTree tree = *YamlTree::Parse("a: 1\n# before\nstages:\n  x: # one\n    cmd: a\n  # two\n  y: {cmd: b}\nb: 2\n");
  ASSERT_TRUE(tree.Set({"stages", "y"}, "deps", Json::Array{"d"}));
  const YamlTree::Pieces pieces = tree.WritePieces("stages");
  ASSERT_EQ(pieces.members.size(), 2u);
  EXPECT_EQ(pieces.members[1].first, "y");
  EXPECT_EQ(pieces.head + pieces.members[0].second + pieces.members[1].second + pieces.tail, tree.Write());
  // A map that does not start on a line of its own is one piece.
  tree = *YamlTree::Parse(std::string(140, 'k') + ":\n  x: 1\n");
  EXPECT_TRUE(tree.WritePieces(std::string(140, 'k')).members.empty());
  EXPECT_EQ(tree.WritePieces(std::string(140, 'k')).head, tree.Write());
}

TEST(YamlTree, HostileTextsEnd) {
  const auto what = [](const std::string& text) {
    const Result<YamlTree> tree = YamlTree::Parse(text);
    return tree ? "" : tree.error().what;
  };
  // An error that the scanner meets on its second look at a token.
  EXPECT_NE(what("a: &x !k: ~\n< :@\r1, lssNLk Ul: 3 # own\nc: *x\nd: |  # why\n  one\n\n $2 two\ne:  folded\n  [2]}\n"), "");
  EXPECT_EQ(what(std::string(200, '[')), "nested too deep, line 1, column 102");
  // Aliases of a long text.
  std::string text = "k: &a " + std::string(1 << 20, 'x') + "\nl: [*a";
  for (int i = 0; i < 500; ++i) text += ",*a";
  EXPECT_EQ(what(text + "]\n"), "too many nodes, aliases counted, line 2, column 4");
  // A merge of very many keys.
  text = "a: &x {";
  for (int i = 0; i < 20000; ++i) text += fmt::format("k{}: 1, ", i);
  const YamlTree merged = *YamlTree::Parse(text + "}\nb:\n  <<: *x\n");
  EXPECT_EQ(merged.ToJson().Find("b")->AsObject().size(), 20000u);
  // Long texts of line breaks and of folds.
  for (const char* const line : {"\\n", "x\\n"}) {
    text = "x: \"";
    for (int i = 0; i < 50000; ++i) text += line;
    EXPECT_GT(YamlTree::Parse(text + "\"\n")->Write().size(), text.size());
  }
}

TEST(YamlTree, NumbersBeyondDoublesAreExact) {
  YamlTree tree = *YamlTree::Parse("a: 9007199254740993 # kept\n9007199254740992: x\n9007199254740993: y\n");
  EXPECT_EQ(tree.root().size(), 3u);
  ASSERT_TRUE(tree.Apply({}, Json::Object{{"a", std::int64_t{9007199254740992}}}));
  EXPECT_EQ(tree.Write(), "a: 9007199254740992 # kept\n");
}

}  // namespace
}  // namespace mlean::codec

#include "codec/yaml_edit.hpp"

namespace mlean::codec {
namespace {

constexpr std::string_view kText =
    "# head\n"
    "stages:\n"
    "  train:   # the model\n"
    "    cmd: python train.py   # run\n"
    "    deps: [a, \"b\", # in flow\n"
    "           c]\n"
    "    params:\n"
    "    - lr  # rate\n"
    "    - x: {k: 1, l: 2}\n"
    "      y: 2\n"
    "\n"
    "    # about outs\n"
    "    outs:\n"
    "      - 'm.bin'\n"
    "  empty:\n"
    "tail: 1 # end\n";

YamlEdit Edit() { return *YamlEdit::Open(std::string(kText), "dvc.yaml"); }

// The text with one piece replaced.
std::string With(std::string_view from, std::string_view to) {
  std::string text(kText);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos);
  return text.replace(at, from.size(), to);
}

TEST(YamlEdit, SetsScalarsInPlace) {
  YamlEdit edit = Edit();
  ASSERT_TRUE(edit.SetScalar({"stages", "train", "cmd"}, "python x.py: now"));
  EXPECT_EQ(edit.text(), With("cmd: python train.py ", "cmd: \"python x.py: now\" "));
  edit = Edit();
  ASSERT_TRUE(edit.SetScalar({"stages", "train", "deps", "1"}, "z"));
  EXPECT_EQ(edit.text(), With("\"b\"", "z"));
  edit = Edit();
  ASSERT_TRUE(edit.SetScalar({"stages", "empty"}, 3));
  EXPECT_EQ(edit.text(), With("empty:", "empty: 3"));
  ASSERT_TRUE(edit.SetScalar({"stages", "empty"}, nullptr));
  EXPECT_EQ(edit.text(), With("empty:", "empty: null"));
  EXPECT_EQ(edit.SetScalar({"stages", "gone"}, 1).error().code, Code::kNotFound);
  EXPECT_FALSE(edit.SetScalar({"stages", "train"}, 1));
}

TEST(YamlEdit, AppendsToLists) {
  YamlEdit edit = Edit();
  ASSERT_TRUE(edit.Append({"stages", "train", "deps"}, "d e"));
  EXPECT_EQ(edit.text(), With("c]", "c, d e]"));
  edit = Edit();
  ASSERT_TRUE(edit.Append({"stages", "train", "outs"}, Json::Object{{"p", Json::Object{{"cache", false}}}}));
  EXPECT_EQ(edit.text(), With("- 'm.bin'\n", "- 'm.bin'\n      - p:\n          cache: false\n"));
  edit = Edit();
  ASSERT_TRUE(edit.Append({"stages", "train", "params"}, "q"));
  EXPECT_EQ(edit.text(), With("      y: 2\n", "      y: 2\n    - q\n"));
  edit = Edit();
  ASSERT_TRUE(edit.Append({"stages", "empty"}, "q"));
  EXPECT_EQ(edit.text(), With("empty:", "empty: [q]"));
}

TEST(YamlEdit, AddsKeys) {
  YamlEdit edit = Edit();
  ASSERT_TRUE(edit.AddKey({"stages", "train"}, "wdir", "src"));
  EXPECT_EQ(edit.text(), With("      - 'm.bin'\n", "      - 'm.bin'\n    wdir: src\n"));
  edit = Edit();
  ASSERT_TRUE(edit.AddKey({"stages", "train", "params", "1"}, "z", Json::Array{1, Json::Object{{"a", 2}}}));
  EXPECT_EQ(edit.text(), With("      y: 2\n", "      y: 2\n      z:\n      - 1\n      - a: 2\n"));
  edit = Edit();
  ASSERT_TRUE(edit.AddKey({}, "new", Json::Object{}));
  EXPECT_EQ(edit.text(), std::string(kText) + "new: {}\n");
  edit = Edit();
  ASSERT_TRUE(edit.AddKey({"stages", "train", "params", "1", "x"}, "m n", 3));
  EXPECT_EQ(edit.text(), With("l: 2}", "l: 2, m n: 3}"));
  EXPECT_EQ(edit.AddKey({}, "tail", 1).error().code, Code::kExists);
  YamlEdit none = *YamlEdit::Open("a: 1", "x");
  ASSERT_TRUE(none.AddKey({}, "b", 2));
  EXPECT_EQ(none.text(), "a: 1\nb: 2\n");
  none = *YamlEdit::Open("", "x");
  ASSERT_TRUE(none.AddKey({}, "b", 2));
  EXPECT_EQ(none.text(), "b: 2\n");
}

TEST(YamlEdit, RemovesKeys) {
  YamlEdit edit = Edit();
  ASSERT_TRUE(edit.RemoveKey({"stages", "train"}, "cmd"));
  EXPECT_EQ(edit.text(), With("    cmd: python train.py   # run\n", ""));
  edit = Edit();
  ASSERT_TRUE(edit.RemoveKey({"stages", "train", "params", "1"}, "x"));
  EXPECT_EQ(edit.text(), With("x: {k: 1, l: 2}\n      y", "y"));
  edit = Edit();
  ASSERT_TRUE(edit.RemoveKey({"stages", "train", "params", "1", "x"}, "l"));
  EXPECT_EQ(edit.text(), With(", l: 2", ""));
  ASSERT_TRUE(edit.RemoveKey({"stages", "train", "params", "1", "x"}, "k"));
  EXPECT_EQ(edit.text(), With("k: 1, l: 2", ""));
  edit = Edit();
  ASSERT_TRUE(edit.RemoveKey({}, "tail"));
  EXPECT_EQ(edit.text(), With("tail: 1 # end\n", ""));
  YamlEdit one = *YamlEdit::Open("a:\n  b: 1\nc: 2\n", "x");
  ASSERT_TRUE(one.RemoveKey({"a"}, "b"));
  EXPECT_EQ(one.document().root().Find("a")->ToJson(), Json(Json::Object{})) << one.text();
}

}  // namespace
}  // namespace mlean::codec

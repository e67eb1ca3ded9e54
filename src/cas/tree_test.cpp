#include "cas/tree.hpp"

#include <map>
#include <random>

#include "cas/path_order.hpp"
#include "cas/test_folder.hpp"
#include "cas/tree_diff.hpp"

namespace mlean::cas {
namespace {

Md5 Number(int i) { return *ParseMd5(fmt::format("{:032x}", i)); }

Tree TreeOf(const std::map<std::string, int>& files) {
  Tree tree;
  for (const auto& [path, i] : files) tree.Add(path, Number(i));
  tree.Seal();
  return tree;
}

// Vectors of reference/dvc.md, section 7.
TEST(Tree, PathsAreSortedAndEscapedAsByPython) {
  const std::vector<std::string> sorted = {"B",
                                           "a b",
                                           "a-b",
                                           "a.txt",
                                           "a/b",
                                           "a/b/c2",
                                           "bad\xFF",
                                           "ctl\x01\x1F\x7F",
                                           "q\"uo\\te",
                                           "z\xE2\x80\xA8",
                                           "\xC3\xA9",
                                           "\xEF\xBF\xBF",
                                           "\xF0\x90\x80\x80",
                                           "\xF0\x9F\x98\x80"};
  Tree tree;
  for (auto name = sorted.rbegin(); name != sorted.rend(); ++name) {
    if (*name != "a/b") tree.Add(*name, Md5{});
  }
  tree.Seal();
  std::string expected;
  for (const char* name : {"B", "a b", "a-b", "a.txt", "a/b/c2", "bad\\udcff", "ctl\\u0001\\u001f\\u007f", "q\\\"uo\\\\te",
                           "z\\u2028", "\\u00e9", "\\uffff", "\\ud800\\udc00", "\\ud83d\\ude00"}) {
    expected +=
        fmt::format("{}{{\"md5\": \"{}\", \"relpath\": \"{}\"}}", expected.empty() ? "[" : ", ", std::string(32, '0'), name);
  }
  EXPECT_EQ(tree.Body(), expected + "]");
  EXPECT_TRUE(*Tree::Parse(tree.Body()) == tree);
  EXPECT_TRUE(PathLess("a/b", "a/b/c"));
  EXPECT_TRUE(PathLess("a\xE2\x80\xA8", "a\xE2\x80")) << "an incomplete character is U+DCE2 U+DC80, above U+2028";
}

TEST(Tree, HostileObjectsAreRefused) {
  const auto one = [](std::string_view name) {
    return fmt::format(R"([{{"md5": "{}", "relpath": "{}"}}])", std::string(32, 'a'), name);
  };
  EXPECT_TRUE(Tree::Parse(one("a/b")));
  for (const char* name :
       {"../x", "/etc/passwd", "a/../../x", "", "a//b", ".", "a/", "a/\\u0000", "\\ud800", "\\ud800\\u0041", "\\udc00"})
    EXPECT_FALSE(Tree::Parse(one(name))) << name;
  EXPECT_FALSE(Tree::Parse(one(std::string(5000, 'a'))));
  const std::string md5 = std::string(32, 'b');
  const auto two = [&](std::string_view a, std::string_view b) {
    return fmt::format(R"([{{"md5": "{0}", "relpath": "{1}"}}, {{"md5": "{0}", "relpath": "{2}"}}])", md5, a, b);
  };
  EXPECT_FALSE(Tree::Parse(two("a", "a")));
  EXPECT_FALSE(Tree::Parse(two("a", "a/b"))) << "a file and a folder";
  EXPECT_FALSE(Tree::Parse(two("x/y/z", "x")));
  EXPECT_TRUE(Tree::Parse(two("a", "a-b")));
  for (const char* body : {"", "[", "{}", R"([{"md5": "xyz", "relpath": "a"}])", R"([{"relpath": "a"}])",
                           R"([{"md5": 1, "relpath": "a"}])", "[]x", "[] []", "[[", "null"})
    EXPECT_FALSE(Tree::Parse(body)) << body;
}

// What json.load reads too: other spacing, other members, unsorted.
TEST(Tree, OtherJsonIsRead) {
  const std::string md5(32, 'c');
  const Tree tree = *Tree::Parse(fmt::format(
      "[\n{{\"relpath\":\"b\",\"md5\":\"{0}\",\"size\":3}},\n{{\"md5\":\"{0}\",\"relpath\":\"\xC3\xA4/x\"}} ]\n", md5));
  EXPECT_EQ(tree.size(), 2u);
  EXPECT_EQ(tree[1].path, "\xC3\xA4/x");
  const Tree late = *Tree::Parse(fmt::format(
      R"([{{"md5": "{0}", "relpath": "b"}}, {{"md5": "{0}", "relpath": "a"}},{{"md5": "{0}", "relpath": "c"}}])", md5));
  EXPECT_EQ(late.size(), 3u) << "begins as usual, goes on otherwise";
  EXPECT_EQ(late[0].path, "a");
}

class TreeFileTest : public TestFolder {};

// Objects are read in pieces: entries lie across their borders.
TEST_F(TreeFileTest, LongObjectsAreReadInPieces) {
  Tree tree;
  for (int i = 0; i < 30'000; ++i) tree.Add(fmt::format("folder {}/f\xC3\xBC{}\xFF", i % 7, i), Number(i));
  tree.Seal();
  const std::string body = tree.Body();
  ASSERT_GT(body.size(), std::size_t{2} << 20);
  Write("o", body);
  const Md5 md5 = tree.Id().md5;
  EXPECT_TRUE(*Tree::Read(dir_ / "o", &md5) == tree);
  EXPECT_TRUE(*Tree::Parse(body) == tree);
  const Md5 other = Number(1);
  EXPECT_EQ(Tree::Read(dir_ / "o", &other).error().code, Code::kCorrupt);
  Write("cut", body.substr(0, body.size() - 10));
  EXPECT_EQ(Tree::Read(dir_ / "cut").error().code, Code::kCorrupt);
  EXPECT_EQ(Tree::Read(dir_ / "none").error().code, Code::kNotFound);
}

TEST(Tree, SingleFilesAndFoldersChange) {
  Tree tree = TreeOf({{"a", 1}, {"d-x", 2}, {"d/e/f", 3}, {"d/g", 4}, {"z", 5}});
  const Tree original = tree;
  EXPECT_EQ(tree.Find("d/g")->md5, Number(4));
  EXPECT_EQ(tree.Find("d"), nullptr);
  EXPECT_TRUE(tree.HasFolder("d/e"));
  EXPECT_FALSE(tree.HasFolder("d-x"));
  EXPECT_TRUE(tree.Subtree("d") == TreeOf({{"e/f", 3}, {"g", 4}}));
  EXPECT_TRUE(tree.Subtree("a").empty());
  tree.Set("d/new", Number(6));
  EXPECT_TRUE(tree == TreeOf({{"a", 1}, {"d-x", 2}, {"d/e/f", 3}, {"d/g", 4}, {"d/new", 6}, {"z", 5}}));
  tree.Set("d", Number(7));
  EXPECT_TRUE(tree == TreeOf({{"a", 1}, {"d", 7}, {"d-x", 2}, {"z", 5}}));
  tree.Set("d/under", Number(8));
  EXPECT_TRUE(tree == TreeOf({{"a", 1}, {"d-x", 2}, {"d/under", 8}, {"z", 5}}));
  tree.SetFolder("d", TreeOf({{"p", 1}, {"q/r", 2}}));
  EXPECT_TRUE(tree == TreeOf({{"a", 1}, {"d-x", 2}, {"d/p", 1}, {"d/q/r", 2}, {"z", 5}}));
  EXPECT_FALSE(tree.Remove("nothing"));
  EXPECT_TRUE(tree.Remove("d/q"));
  EXPECT_TRUE(tree.Remove("a"));
  EXPECT_TRUE(tree == TreeOf({{"d-x", 2}, {"d/p", 1}, {"z", 5}}));
  EXPECT_TRUE(original == TreeOf({{"a", 1}, {"d-x", 2}, {"d/e/f", 3}, {"d/g", 4}, {"z", 5}})) << "copies are independent";
}

// Random changes against a map: granular ones, parsing, differences.
TEST(Tree, BehavesAsAMap) {
  std::mt19937 random(7);
  const std::vector<std::string> names = {"a", "b", "a-", "a/x", "a/y", "a/y-", "b/z/w", "c.d", "\xC3\xA9/k"};
  const auto in_the_way = [](const std::string& a, const std::string& b) {
    return a == b || a.starts_with(b + "/") || b.starts_with(a + "/");
  };
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, int> map;
    Tree tree;
    std::map<std::string, int> before_map;
    Tree before;
    for (int step = 0; step < 20; ++step) {
      const std::string& name = names[random() % names.size()];
      if (step == 10) {
        before_map = map;
        before = tree;
      }
      if (random() % 3 == 0) {
        std::erase_if(map, [&](const auto& entry) { return entry.first == name || entry.first.starts_with(name + "/"); });
        tree.Remove(name);
      } else {
        const int value = static_cast<int>(random() % 4);
        std::erase_if(map, [&](const auto& entry) { return in_the_way(entry.first, name); });
        map[name] = value;
        tree.Set(name, Number(value));
      }
      ASSERT_TRUE(tree == TreeOf(map));
      ASSERT_TRUE(*Tree::Parse(tree.Body()) == tree);
    }
    const TreeDiff diff = DiffTrees(before, tree);
    std::size_t added = 0;
    std::size_t modified = 0;
    for (const auto& [name, value] : map) {
      const auto old = before_map.find(name);
      added += old == before_map.end();
      modified += old != before_map.end() && old->second != value;
    }
    EXPECT_EQ(diff.added.size(), added);
    EXPECT_EQ(diff.modified.size(), modified);
    EXPECT_EQ(diff.unchanged, map.size() - added - modified);
    EXPECT_EQ(diff.deleted.size(), before_map.size() - modified - diff.unchanged);
  }
}

}  // namespace
}  // namespace mlean::cas

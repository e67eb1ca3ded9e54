#include "pipeline/place.hpp"

namespace mlean::pipeline {
namespace {

TEST(Place, NamesPathsByWhereTheyLie) {
  const Place place{.root = "/p/q", .cwd = "sub"};
  EXPECT_EQ(place.Typed("x"), "sub/x");
  EXPECT_EQ(place.Typed("../x/"), "x");
  EXPECT_EQ(place.Typed(".."), ".");
  EXPECT_EQ(place.Typed("../../x"), "/p/x");
  EXPECT_EQ(place.Typed("../../q/y"), "y");
  EXPECT_EQ(place.Locate(".", "/p/q/a/./b"), "a/b");
  EXPECT_EQ(place.Locate("a", "/mnt//x/"), "/mnt/x");
  EXPECT_EQ(place.Locate("/mnt", "x"), "/mnt/x");
  EXPECT_EQ(place.Locate("a", "s3://b/../x"), "s3://b/../x");
  EXPECT_EQ(place.Disk("a"), "/p/q/a");
  EXPECT_EQ(place.Disk("/mnt"), "/mnt");
  EXPECT_EQ(place.Shown("sub/x"), "x");
  EXPECT_EQ(place.Shown("y"), "../y");
  EXPECT_EQ(place.Shown("."), "/p/q");
  EXPECT_TRUE(IsUrl("remote://r/x"));
  EXPECT_FALSE(IsUrl("a/b://x"));
  EXPECT_EQ(FolderOf("a/b"), "a");
  EXPECT_EQ(FolderOf("a"), ".");
  EXPECT_EQ(FolderOf("/a"), "/");
  EXPECT_EQ(NameOf("a/b"), "b");
  EXPECT_TRUE(IsAtOrBelow("a/b", "a"));
  EXPECT_FALSE(IsAtOrBelow("ab", "a"));
  EXPECT_TRUE(IsAtOrBelow("a", "."));
  EXPECT_FALSE(IsAtOrBelow("/a", "."));
  EXPECT_EQ(Relative("a/b", "a/c"), "../b");
  EXPECT_EQ(Relative("a", "a"), ".");
}

}  // namespace
}  // namespace mlean::pipeline

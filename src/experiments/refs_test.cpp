#include "experiments/refs.hpp"

#include <set>

namespace mlean::experiments {
namespace {

const std::string kBaseline = "0123456789abcdef0123456789abcdef01234567";

TEST(ExpRef, IsReadAndWritten) {
  const ExpRef ref{kBaseline, "brisk-otter"};
  EXPECT_EQ(ref.Text(), "refs/exps/01/23456789abcdef0123456789abcdef01234567/brisk-otter");
  EXPECT_EQ(ParseExpRef(ref.Text()), ref);
  EXPECT_EQ(RefsOf(kBaseline), "refs/exps/01/23456789abcdef0123456789abcdef01234567/");
}

TEST(ExpRef, OthersAreNone) {
  for (const char* text :
       {"refs/exps/exec/EXEC_HEAD", "refs/exps/stash", "refs/exps/celery/stash", "refs/exps/temp/head-1",
        "refs/exps/apply/ORIG_HEAD", "refs/heads/main", "refs/exps/01/23456789abcdef0123456789abcdef01234567",
        "refs/exps/01/23456789abcdef0123456789abcdef01234567/", "refs/exps/01/23456789abcdef/x",
        "refs/exps/01/23456789ABCDEF0123456789abcdef01234567/x", "refs/exps/01/23456789abcdef0123456789abcdef01234567/a/b",
        "refs/exps/012/3456789abcdef0123456789abcdef01234567/x"}) {
    EXPECT_FALSE(ParseExpRef(text)) << text;
  }
}

// git check-ref-format has the last word; these are its rules for one part.
TEST(ExpRef, NamesFollowGit) {
  for (const char* name : {"a", "brisk-otter", "exp_1", "1.0", "ä", "@x", "x@", "a{b", "-a", "HEAD"})
    EXPECT_TRUE(IsValidName(name)) << name;
  for (const char* name : {"", "@", ".a", "a.", "a..b", "a.lock", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a/b",
                           "a@{1", "a\x7f", "a\n"}) {
    EXPECT_FALSE(IsValidName(name)) << name;
  }
}

TEST(ExpRef, RandomNamesAreNames) {
  std::set<std::string> names;
  for (int i = 0; i < 200; ++i) {
    const std::string name = RandomName();
    EXPECT_TRUE(IsValidName(name)) << name;
    names.insert(name);
  }
  EXPECT_GT(names.size(), 150U);
}

TEST(ExpRef, MessagesAreTheRealTools) {
  EXPECT_EQ(CommitMessage("12ab"), "dvc: commit experiment 12ab");
  EXPECT_EQ(ApplyMessage("11", "22", "n"), "dvc-exp-apply:11:22:n");
}

}  // namespace
}  // namespace mlean::experiments

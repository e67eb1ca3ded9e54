#include "flows/data/gc.hpp"

namespace mlean::flows {
namespace {

// The texts are those of the real tool.
TEST(GcWarning, TellsWhatIsKept) {
  struct Case {
    const char* name;
    std::function<void(GcRequest&)> fill;
    const char* kept;
  };
  const Case cases[] = {
      {"workspace", [](GcRequest& r) { r.workspace = true; }, " of the current repo."},
      {"branches", [](GcRequest& r) { r.revisions.all_branches = true; }, " and all git branches of the current repo."},
      {"both", [](GcRequest& r) { r.revisions.all_branches = r.revisions.all_tags = true; },
       " and all git branches and tags of the current repo."},
      {"commits hide the rest", [](GcRequest& r) { r.revisions.all_commits = r.revisions.all_tags = true; },
       " and all git commits of the current repo."},
      {"revision", [](GcRequest& r) { r.revisions.revisions = {"HEAD"}; }, " and last 1 commits from HEAD of the current repo."},
      {"all",
       [](GcRequest& r) {
         r.revisions.all_branches = r.revisions.all_tags = r.revisions.all_experiments = true;
         r.revisions.revisions = {"HEAD"};
         r.revisions.since = "2020-01-01";
         r.revisions.number = 3;
         r.has_number = true;
       },
       " and last 3 commits from all git branches and all git tags and all git commits before date 2020-01-01 and last 3 commits "
       "from HEAD and all experiments of the current repo."},
      {"projects",
       [](GcRequest& r) {
         r.projects = {"/a", "/b"};
       },
       " of the current and the following repos:\n  - /a\n  - /b"},
      {"not in remote", [](GcRequest& r) { r.not_in_remote = true; },
       " that are not present in the DVC remote of the current repo."},
  };
  for (const Case& one : cases) {
    GcRequest request;
    one.fill(request);
    EXPECT_EQ(GcWarning(request), std::string("This will remove all cache except items used in the workspace") + one.kept)
        << one.name;
  }
}

TEST(CheckGc, WantsAScope) {
  GcRequest request;
  EXPECT_FALSE(CheckGc(request));
  request.workspace = true;
  EXPECT_TRUE(CheckGc(request));
  request.has_number = true;
  EXPECT_EQ(CheckGc(request).error().what, "`--num` can only be used alongside `--rev` or `--all-branches`");
  request.revisions.all_branches = true;
  EXPECT_TRUE(CheckGc(request));
  request.cloud = request.not_in_remote = true;
  EXPECT_EQ(CheckGc(request).error().what, "`--not-in-remote` and `--cloud` are mutually exclusive");
}

}  // namespace
}  // namespace mlean::flows

#include "loop/window_store.hpp"

#include "loop/migrations.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::loop {
namespace {

using codec::Json;

class WindowStore : public sql::TemporaryDatabaseTest {
 protected:
  WindowStore() : TemporaryDatabaseTest(Migrations()) {}
  void Add(const std::string& model, TimeMs start, Json report = Json::Object{}) {
    const auto added = Write([&](sql::Txn& txn) { return AddWindow(txn, {model, start, start + 10, start + 15, report}); });
    ASSERT_TRUE(added) << added.error().what;
  }
  void Consider(const std::string& model, TimeMs start) {
    ASSERT_TRUE(Write([&](sql::Txn& txn) { return MarkConsidered(txn, model, start); }));
  }
  template <class F>
  std::vector<TimeMs> Starts(F&& list) {
    std::vector<TimeMs> starts;
    const std::vector<Window> windows = *Read(std::forward<F>(list));
    for (const Window& window : windows) starts.push_back(window.start);
    return starts;
  }
  std::vector<TimeMs> List(const std::string& model, std::int64_t limit) {
    return Starts([&](sql::Conn& conn) { return ListWindows(conn, model, limit); });
  }
  std::vector<TimeMs> Unconsidered(const std::string& model) {
    return Starts([&](sql::Conn& conn) { return ListUnconsidered(conn, model); });
  }
};

TEST_F(WindowStore, AWindowIsKeptOnce) {
  Add("late", 100, Json::Object{{"requests", 7}});
  Add("late", 100, Json::Object{{"requests", 8}});
  const auto found = *Read([](sql::Conn& conn) { return FindWindow(conn, "late", 100); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, "late");
  EXPECT_EQ(found->start, 100);
  EXPECT_EQ(found->stop, 110);
  EXPECT_EQ(found->time, 115);
  EXPECT_EQ(found->report.Dump(), R"({"requests":7})");
  EXPECT_FALSE(*Read([](sql::Conn& conn) { return FindWindow(conn, "late", 101); }));
  EXPECT_FALSE(*Read([](sql::Conn& conn) { return FindWindow(conn, "other", 100); }));
}

TEST_F(WindowStore, ListsNewestFirst) {
  for (const TimeMs start : {20, 0, 10}) Add("late", start);
  Add("other", 30);
  EXPECT_THAT(List("late", 10), testing::ElementsAre(20, 10, 0));
  EXPECT_THAT(List("late", 2), testing::ElementsAre(20, 10));
  EXPECT_THAT(List("none", 10), testing::IsEmpty());
}

TEST_F(WindowStore, ATriggerLooksAtEachWindowOnce) {
  for (const TimeMs start : {0, 10, 20}) Add("late", start);
  Add("other", 0);
  EXPECT_THAT(Unconsidered("late"), testing::ElementsAre(0, 10, 20));
  Consider("late", 10);  // and the older ones, which it overtook
  EXPECT_THAT(Unconsidered("late"), testing::ElementsAre(20));
  EXPECT_THAT(Unconsidered("other"), testing::ElementsAre(0));
  // One that is computed again is not new.
  Consider("late", 20);
  Add("late", 20);
  EXPECT_THAT(Unconsidered("late"), testing::IsEmpty());
}

TEST_F(WindowStore, AMarkIsPartOfItsTransaction) {
  Add("late", 0);
  EXPECT_FALSE(Write([](sql::Txn& txn) -> Result<void> {
    TRYV(MarkConsidered(txn, "late", 0));
    return Fail(Code::kConflict, "a turn is under way");
  }));
  EXPECT_THAT(Unconsidered("late"), testing::ElementsAre(0));
}

TEST_F(WindowStore, AReportThatIsNoJsonIsAnError) {
  ASSERT_TRUE(Write([](sql::Txn& txn) {
    return txn.Exec("INSERT INTO windows(model, start, stop, time, report) VALUES('late', 0, 1, 1, '{')");
  }));
  EXPECT_FALSE(Read([](sql::Conn& conn) { return FindWindow(conn, "late", 0); }));
  EXPECT_FALSE(Read([](sql::Conn& conn) { return ListWindows(conn, "late", 10); }));
}

TEST_F(WindowStore, ValidationsAreKnownByContentAndSuite) {
  const auto put = [&](const std::string& content, bool success, TimeMs time) {
    const auto done = Write([&](sql::Txn& txn) {
      return PutValidation(txn, {content, "suite", success, time, Json::Object{{"failed", success ? 0 : 2}}});
    });
    ASSERT_TRUE(done) << done.error().what;
  };
  const auto find = [&](const std::string& content, const std::string& suite) {
    return *Read([&](sql::Conn& conn) { return FindValidation(conn, content, suite); });
  };
  put("one", false, 5);
  put("two", true, 6);
  const auto found = find("one", "suite");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->content, "one");
  EXPECT_EQ(found->suite, "suite");
  EXPECT_FALSE(found->success);
  EXPECT_EQ(found->time, 5);
  EXPECT_EQ(found->summary.Dump(), R"({"failed":2})");
  EXPECT_TRUE(find("two", "suite")->success);
  EXPECT_FALSE(find("one", "other suite"));
  EXPECT_FALSE(find("three", "suite"));
  put("one", true, 7);  // looked at again: the last look counts
  EXPECT_TRUE(find("one", "suite")->success);
  EXPECT_EQ(find("one", "suite")->time, 7);
}

}  // namespace
}  // namespace mlean::loop

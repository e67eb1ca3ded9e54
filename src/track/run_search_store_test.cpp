#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "track/experiment_store.hpp"
#include "track/fixture_test.hpp"
#include "track/metric_store.hpp"
#include "track/param_store.hpp"
#include "track/run_store.hpp"
#include "track/tag_store.hpp"

namespace mlean::track {
namespace {

class RunSearch : public StoreTest {
 protected:
  std::string Make(const std::string& name, TimeMs start, const std::vector<Metric>& metrics = {},
                   const std::vector<Param>& params = {}, const std::vector<Tag>& tags = {}) {
    const auto id = Write([&](sql::Txn& t) -> Result<std::string> {
      TRY(const track::Run run, CreateRun(t, {.name = name, .user_id = "u", .start_time = start, .tags = tags}, 1));
      TRYV(LogMetrics(t, run.info.run_id, metrics));
      TRYV(LogParams(t, run.info.run_id, params));
      return run.info.run_id;
    });
    EXPECT_TRUE(id) << id.error().what;
    return *id;
  }
  std::vector<std::string> Names(Query query) {
    query.experiment_ids = {"0", "not a number"};
    const auto runs = Read([&](sql::Conn& c) { return ListRuns(c, query); });
    EXPECT_TRUE(runs) << runs.error().what;
    std::vector<std::string> out;
    if (runs) {
      for (const track::Run& run : *runs) out.push_back(run.info.name);
    }
    return out;
  }
};
using List = std::vector<std::string>;

TEST_F(RunSearch, PagesOfEveryOrderJoinToTheWhole) {
  Make("a", 1, {{.key = "m", .value = 1}}, {{"p", "x"}}, {{"t", "x"}});
  Make("b", 2, {{.key = "m", .value = std::nan("")}}, {{"p", "y"}});
  const std::string c = Make("c", 3, {{.key = "m", .value = -HUGE_VAL}}, {}, {{"t", "y"}});
  Make("d", 3);
  Make("e", 3, {{.key = "m", .value = 1}}, {{"p", "x"}});
  ASSERT_TRUE(Write([&](sql::Txn& t) { return UpdateRun(t, c, {.end_time = 9}); }));
  for (const Order& key : std::vector<Order>{{Field::kMetric, "m"},
                                             {Field::kParam, "p"},
                                             {Field::kTag, "t"},
                                             {Field::kTag, "none"},
                                             {Field::kAttribute, "end_time"},
                                             {Field::kAttribute, "status"},
                                             {Field::kAttribute, "start_time"}}) {
    for (const bool up : {true, false}) {
      Query query{.experiment_ids = {"0"}, .order = {{key.field, key.key, up}}};
      const List whole = Names(query);
      ASSERT_EQ(whole.size(), 5u);
      for (query.limit = 1; query.limit <= 5; ++query.limit) {
        List paged;
        query.after.clear();
        do {
          const auto page = Read([&](sql::Conn& conn) { return ListRuns(conn, query, &query.after); });
          ASSERT_TRUE(page) << page.error().what;
          for (const track::Run& run : *page) paged.push_back(run.info.name);
        } while (!query.after.empty() && paged.size() < 10);
        EXPECT_EQ(paged, whole) << key.key << up << query.limit;
      }
    }
  }
}

TEST_F(RunSearch, ClausesAndOrders) {
  Make("a", 1, {{.key = "m", .value = 1}}, {{"p", "Alpha"}}, {{"t", "x"}});
  Make("b", 2, {{.key = "m", .value = std::nan("")}}, {{"p", "alpine"}});
  const std::string c = Make("c", 3, {{.key = "m", .value = -2}}, {}, {{"t", "y*z"}});
  Make("d", 3);
  ASSERT_TRUE(Write([&](sql::Txn& t) { return UpdateRun(t, c, {.status = RunStatus::kFinished, .end_time = 9}); }));

  EXPECT_EQ(Names({.where = {{Field::kMetric, "m", Op::kEq, 0.0}}}), (List{}));  // the point of b is no number
  EXPECT_EQ(Names({.where = {{Field::kMetric, "m", Op::kNe, 1.0}}}), (List{"c", "b"}));
  EXPECT_EQ(Names({.where = {{Field::kMetric, "m", Op::kLt, 1.0}, {Field::kTag, "t", Op::kNotNull}}}), (List{"c"}));
  EXPECT_EQ(Names({.where = {{Field::kParam, "p", Op::kLike, "Al%"}}}), (List{"a"}));
  EXPECT_EQ(Names({.where = {{Field::kParam, "p", Op::kILike, "al%"}}}), (List{"b", "a"}));
  EXPECT_EQ(Names({.where = {{Field::kTag, "t", Op::kLike, "y*_"}}}), (List{"c"}));
  EXPECT_EQ(Names({.where = {{Field::kTag, "t", Op::kLike, "x*"}}}), (List{}));
  EXPECT_EQ(Names({.where = {{Field::kTag, "t", Op::kNe, "x"}}}), (List{"c"}));
  EXPECT_EQ(Names({.where = {{Field::kParam, "p", Op::kIsNull}, {Field::kTag, "t", Op::kIsNull}}}), (List{"d"}));
  EXPECT_EQ(Names({.where = {{Field::kAttribute, "status", Op::kEq, "FINISHED"}}}), (List{"c"}));
  EXPECT_EQ(Names({.where = {{Field::kAttribute, "start_time", Op::kLe, std::int64_t{2}}}}), (List{"b", "a"}));
  EXPECT_EQ(Names({.where = {{Field::kAttribute, "run_id", Op::kIn, std::vector<std::string>{c, "x"}}}}), (List{"c"}));
  EXPECT_EQ(Names({.where = {{Field::kAttribute, "run_name", Op::kNotIn, std::vector<std::string>{"a", "b", "c"}}}}),
            (List{"d"}));

  EXPECT_EQ(Names({.order = {{Field::kMetric, "m", true}}}), (List{"c", "a", "b", "d"}));
  EXPECT_EQ(Names({.order = {{Field::kMetric, "m", false}}}), (List{"a", "c", "b", "d"}));
  EXPECT_EQ(Names({.order = {{Field::kAttribute, "run_name", false}}, .limit = 2}), (List{"d", "c"}));
  EXPECT_EQ(Names({.order = {{Field::kAttribute, "end_time", true}, {Field::kAttribute, "start_time", true}}}).front(), "c");

  const auto fails = [this](Query query) {
    query.experiment_ids = {"0"};
    return !Read([&](sql::Conn& conn) { return ListRuns(conn, query); });
  };
  EXPECT_TRUE(fails({.where = {{Field::kAttribute, "x'; DROP TABLE runs; --", Op::kEq, "1"}}}));
  EXPECT_TRUE(fails({.where = {{Field::kMetric, "m", Op::kEq, "text"}}}));
  EXPECT_TRUE(fails({.where = {{Field::kTag, "t", Op::kLike, std::string(2000, '%')}}}));
  EXPECT_TRUE(fails({.order = {{Field::kParam, "p"}, {Field::kParam, "p"}}}));
  EXPECT_EQ(Names({.where = {{Field::kTag, "x'; DROP TABLE runs; --", Op::kEq, "1"}}}), (List{}));
  EXPECT_TRUE(Read([](sql::Conn& conn) { return ListRuns(conn, {}); })->empty());
}

TEST_F(RunSearch, ViewsFollowDeletes) {
  const std::string gone = Make("gone", 1);
  Make("here", 2);
  ASSERT_TRUE(Write([&](sql::Txn& t) { return DeleteRun(t, gone, 5); }));
  EXPECT_EQ(Names({}), (List{"here"}));
  EXPECT_EQ(Names({.view = View::kDeletedOnly}), (List{"gone"}));
  EXPECT_EQ(Names({.view = View::kAll}), (List{"here", "gone"}));
}

// Random runs, random two-clause searches and a metric order against the rules written with plain containers.
TEST_F(RunSearch, AgreesWithANaiveModel) {
  struct Row {
    std::string name;
    TimeMs start;
    std::string run_id;
    std::map<std::string, double> metrics;
  };
  std::mt19937 random(11);
  std::vector<Row> rows;
  for (int i = 0; i < 80; ++i) {
    Row row{fmt::format("r{}", i), static_cast<TimeMs>(random() % 10), "", {}};
    std::vector<Metric> metrics;
    for (const char* key : {"x", "y"}) {
      if (random() % 3 == 0) continue;
      row.metrics[key] = static_cast<double>(random() % 5);
      metrics.push_back({.key = key, .value = row.metrics[key]});
    }
    row.run_id = Make(row.name, row.start, metrics);
    rows.push_back(row);
  }
  for (int round = 0; round < 40; ++round) {
    const double bound = static_cast<double>(random() % 5);
    const bool greater = random() % 2 == 0;
    const bool ascending = random() % 2 == 0;
    std::vector<Row> kept;
    for (const Row& row : rows) {
      const auto x = row.metrics.find("x");
      if (x != row.metrics.end() && (greater ? x->second > bound : x->second <= bound)) kept.push_back(row);
    }
    std::sort(kept.begin(), kept.end(), [&](const Row& a, const Row& b) {
      const auto ya = a.metrics.find("y");
      const auto yb = b.metrics.find("y");
      const bool ma = ya == a.metrics.end();
      const bool mb = yb == b.metrics.end();
      if (ma != mb) return mb;
      if (!ma && ya->second != yb->second) return ascending ? ya->second < yb->second : ya->second > yb->second;
      if (a.start != b.start) return a.start > b.start;
      return a.run_id < b.run_id;
    });
    List expected;
    for (const Row& row : kept) expected.push_back(row.name);
    EXPECT_EQ(Names({.where = {{Field::kMetric, "x", greater ? Op::kGt : Op::kLe, bound}},
                     .order = {{Field::kMetric, "y", ascending}}}),
              expected);
  }
}

}  // namespace
}  // namespace mlean::track

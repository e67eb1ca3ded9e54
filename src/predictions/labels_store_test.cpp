#include "predictions/labels_store.hpp"

#include <map>
#include <random>

#include "predictions/migrations.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::predictions {
namespace {

class LabelsStore : public sql::TemporaryDatabaseTest {
 protected:
  LabelsStore() : TemporaryDatabaseTest(Migrations()) {}
  LabelCounts Add(const std::vector<Label>& labels, TimeMs now) {
    const auto counts = db_->Write([&](sql::Txn& t) { return AddLabels(t, "m", labels, now); });
    EXPECT_TRUE(counts) << counts.error().what;
    return counts ? *counts : LabelCounts{};
  }
};

TEST_F(LabelsStore, LastWriteWinsAndTheOldOnesAreKept) {
  EXPECT_EQ(Add({{"a", 0, "1"}, {"a", 1, "0"}}, 10).added, 2);
  EXPECT_EQ(Add({{"a", 0, "1"}}, 20).same, 1);
  EXPECT_EQ(Add({{"a", 0, "0"}}, 30).changed, 1);
  const LabelCounts last = Add({{"a", 0, "7"}, {"b", 0, "x"}, {"a", 0, "8"}}, 40);
  EXPECT_EQ(last.added, 1);
  EXPECT_EQ(last.changed, 2);
  const LabelKey keys[] = {{"b", 0}, {"none", 0}, {"a", 0}, {"a", 1}, {"a", 2}};
  const auto joined = db_->Read([&](sql::Conn& c) { return JoinLabels(c, "m", keys); });
  ASSERT_EQ(joined->size(), 5U);
  EXPECT_EQ((*joined)[0]->label, "x");
  EXPECT_FALSE((*joined)[1]);
  EXPECT_EQ((*joined)[2]->label, "8");
  EXPECT_EQ((*joined)[2]->arrived, 40);
  EXPECT_EQ((*joined)[3]->arrived, 10);
  EXPECT_FALSE((*joined)[4]);
  const auto history = db_->Read([](sql::Conn& c) { return LabelHistory(c, "m", "a", 0); });
  ASSERT_EQ(history->size(), 3U);
  EXPECT_EQ((*history)[0].label, "1");
  EXPECT_EQ((*history)[2].label, "7");
  EXPECT_EQ(*db_->Read([](sql::Conn& c) { return CountLabels(c, "m"); }), 3);
  EXPECT_EQ(*db_->Read([](sql::Conn& c) { return CountLabels(c, "other"); }), 0);
}

TEST_F(LabelsStore, BadBatchesLeaveNothing) {
  for (const Label& bad :
       {Label{"", 0, "1"}, Label{std::string(129, 'a'), 0, "1"}, Label{"a", 0, std::string(1025, 'x')}, Label{"\xff", 0, "1"}}) {
    EXPECT_EQ(db_->Write([&](sql::Txn& t) {
                   return AddLabels(t, "m", std::vector<Label>{{"ok", 0, "1"}, bad}, 1);
                 })
                  .error()
                  .code,
              Code::kInvalid);
  }
  EXPECT_EQ(*db_->Read([](sql::Conn& c) { return CountLabels(c, "m"); }), 0);
}

TEST_F(LabelsStore, AgreesWithAMap) {
  std::mt19937 random(5);
  std::map<std::pair<std::string, std::uint32_t>, std::string> model;
  for (int round = 0; round < 30; ++round) {
    std::vector<Label> batch;
    for (int i = 0; i < 50; ++i) {
      batch.push_back(
          {fmt::format("id{}", random() % 40), static_cast<std::uint32_t>(random() % 3), fmt::format("{}", random() % 4), round});
      model[{batch.back().id, batch.back().row}] = batch.back().label;
    }
    Add(batch, round);
  }
  const auto all = db_->Read([](sql::Conn& c) { return ListLabels(c, "m", 0, 1000); });
  ASSERT_EQ(all->size(), model.size());
  for (const Label& label : *all) EXPECT_EQ(label.label, (model[{label.id, label.row}]));
  EXPECT_EQ(*db_->Read([](sql::Conn& c) { return CountLabels(c, "m"); }), static_cast<std::int64_t>(model.size()));
}

TEST_F(LabelsStore, CoverageSaysShareAndDelay) {
  const std::vector<TimeMs> times = {0, 100, 200, 300};
  const std::vector<std::optional<Label>> labels = {Label{"a", 0, "1", 0, 1000}, std::nullopt, Label{"b", 0, "1", 0, 700},
                                                    std::nullopt};
  const Coverage coverage = LabelCoverage(times, labels);
  EXPECT_EQ(coverage.labelled, 2);
  EXPECT_EQ(coverage.share, 0.5);
  EXPECT_EQ(coverage.delay_p50, 500);
  EXPECT_EQ(LabelCoverage({}, {}).share, 0);
}

}  // namespace
}  // namespace mlean::predictions

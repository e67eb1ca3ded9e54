// The contract of pages: see contract_test.hpp.
#include "sql/keyset.hpp"

#include "sql/contract_test.hpp"

namespace mlean::sql {
namespace {

class ContractKeyset : public ContractTest {
 protected:
  ContractKeyset() : ContractTest({{"t", 1, "CREATE TABLE t(no INTEGER PRIMARY KEY, a REAL, b TEXT NOT NULL)"}}) {}

  void Add(int no, std::optional<double> a, const std::string& b) {
    ASSERT_TRUE(Write([&](Txn& txn) { return txn.Exec("INSERT INTO t(no, a, b) VALUES(?1, ?2, ?3)", no, a, b); }));
  }
  Result<std::vector<std::int64_t>> Page(bool up, std::size_t limit, SortPlace& place) {
    return Read([&](Conn& conn) -> Result<std::vector<std::int64_t>> {
      const Keyset order({{"t.a IS NULL"}, {"t.a", SortKind::kReal, up}, {"t.b", SortKind::kText, false}, {"t.no"}});
      SelectText text;
      text.Add("SELECT t.no");
      order.AddColumns(text);
      text.Add(" FROM t WHERE TRUE");
      TRYV(order.AddAfter(text, place));
      return order.Numbers(conn, text, limit, &place);
    });
  }
  std::vector<std::int64_t> All(bool up, std::size_t limit) {
    std::vector<std::int64_t> out;
    SortPlace place;
    do {
      const auto page = Page(up, limit, place);
      out.insert(out.end(), page->begin(), page->end());
    } while (!place.empty() && out.size() < 100);
    return out;
  }
};
MLEAN_ON_EVERY_BACKEND(ContractKeyset);

TEST_P(ContractKeyset, PagesJoinToTheWholeOrderWithEqualAndMissingValues) {
  Add(1, 1.5, "x"), Add(2, std::nullopt, "x"), Add(3, 0.5, "y"), Add(4, 1.5, "y"), Add(5, std::nullopt, "z"), Add(6, 1.5, "x"),
      Add(7, 0.5, "y");
  const std::vector<std::int64_t> up = {3, 7, 4, 1, 6, 5, 2};
  const std::vector<std::int64_t> down = {4, 1, 6, 3, 7, 5, 2};
  for (std::size_t limit = 1; limit <= 8; ++limit) {
    EXPECT_EQ(All(true, limit), up) << limit;
    EXPECT_EQ(All(false, limit), down) << limit;
  }
}

TEST_P(ContractKeyset, RowsThatComeAndGoMoveNoOther) {
  for (int i = 1; i <= 6; ++i) Add(i, i, "x");
  SortPlace place;
  EXPECT_EQ(*Page(true, 2, place), (std::vector<std::int64_t>{1, 2}));
  Add(7, 0.5, "x");
  ASSERT_TRUE(Write([](Txn& txn) { return txn.Exec("DELETE FROM t WHERE no IN (2, 4)"); }));
  EXPECT_EQ(*Page(true, 2, place), (std::vector<std::int64_t>{3, 5}));
  EXPECT_EQ(*Page(true, 2, place), (std::vector<std::int64_t>{6}));
  EXPECT_TRUE(place.empty());
}

TEST_P(ContractKeyset, AForeignPlaceIsRefused) {
  SortPlace shorter = {std::int64_t{1}};
  EXPECT_EQ(Page(true, 2, shorter).error().code, Code::kInvalid);
  SortPlace other = {std::int64_t{1}, std::string("x"), std::string("y"), std::int64_t{1}};
  EXPECT_EQ(Page(true, 2, other).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace mlean::sql

// The contract of searches: see contract_test.hpp.
#include "sql/filter.hpp"

#include "base/text.hpp"
#include "sql/contract_test.hpp"
#include "sql/rows.hpp"

namespace mlean::sql {
namespace {

class ContractFilter : public ContractTest {
 protected:
  ContractFilter()
      : ContractTest({{"t", 1,
                       "CREATE TABLE t(no INTEGER PRIMARY KEY, name TEXT, size REAL);"
                       "INSERT INTO t(name, size) VALUES('Ann', 1), ('ann', 2.5), ('b*b', 3), ('bxb', 4), (NULL, NULL);"}}) {}
  // Numbers of the rows whose column compares so: "1,2"; or the error.
  std::string Find(const std::string& column, Op op, const Operand& value) {
    const auto found = Read([&](Conn& conn) -> Result<std::vector<std::string>> {
      SelectText text;
      text.Add("SELECT no FROM t WHERE ");
      TRYV(column == "name" ? text.CompareText("t.name", column, op, value) : text.CompareNumber("t.size", column, op, value));
      text.Add(" ORDER BY no LIMIT ");
      text.Value(std::int64_t{10});
      TRY(Stmt stmt, text.Prepare(conn));
      return ReadRows(stmt, [](const Stmt& row) { return std::to_string(row.Int(0)); });
    });
    return found ? Join(*found, ",") : found.error().what;
  }
};
MLEAN_ON_EVERY_BACKEND(ContractFilter);

using Words = std::vector<std::string>;

TEST_P(ContractFilter, Texts) {
  EXPECT_EQ(Find("name", Op::kEq, "ann"), "2");
  EXPECT_EQ(Find("name", Op::kNe, "ann"), "1,3,4");
  EXPECT_EQ(Find("name", Op::kLt, "ann"), "1");
  EXPECT_EQ(Find("name", Op::kGe, "ann"), "2,3,4");
  EXPECT_EQ(Find("name", Op::kLike, "a%"), "2");
  EXPECT_EQ(Find("name", Op::kILike, "a%"), "1,2");
  EXPECT_EQ(Find("name", Op::kLike, "b_b"), "3,4");
  EXPECT_EQ(Find("name", Op::kLike, "b*b"), "3") << "GLOB's own wildcard is a letter here";
  EXPECT_EQ(Find("name", Op::kLike, "b[x]b"), "");
  EXPECT_EQ(Find("name", Op::kIn, Words{"ann", "bxb", "none"}), "2,4");
  EXPECT_EQ(Find("name", Op::kNotIn, Words{"ann"}), "1,3,4");
  EXPECT_EQ(Find("name", Op::kIn, Words{}), "");
  EXPECT_EQ(Find("name", Op::kNotIn, Words{}), "1,2,3,4,5");
  EXPECT_EQ(Find("name", Op::kIsNull, {}), "5");
  EXPECT_EQ(Find("name", Op::kNotNull, {}), "1,2,3,4");
  EXPECT_EQ(Find("name", Op::kEq, "x' OR '1'='1"), "");
}

TEST_P(ContractFilter, PatternsMatchCharacters) {
  ASSERT_TRUE(Exec("INSERT INTO t(name) VALUES(?1), (?2)", "c\\%c", "\xC3\x84"));
  EXPECT_EQ(Find("name", Op::kLike, "c\\%c"), "6") << "nothing takes a wildcard's meaning away";
  EXPECT_EQ(Find("name", Op::kILike, "C\\_C"), "6");
  EXPECT_EQ(Find("name", Op::kLike, "_"), "7") << "a character, not a byte";
  EXPECT_EQ(Find("name", Op::kILike, "\xC3\xA4"), "") << "only ASCII letters have two cases";
  EXPECT_EQ(Find("name", Op::kILike, "_"), "7");
}

TEST_P(ContractFilter, Numbers) {
  EXPECT_EQ(Find("size", Op::kEq, 2.5), "2");
  EXPECT_EQ(Find("size", Op::kGt, std::int64_t{2}), "2,3,4");
  EXPECT_EQ(Find("size", Op::kIsNull, {}), "5");
}

TEST_P(ContractFilter, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(Find("name", Op::kEq, 1.0), "cannot search by 'name': a text is needed");
  EXPECT_EQ(Find("name", Op::kIn, "ann"), "cannot search by 'name': a list of at most 10000 is needed");
  EXPECT_EQ(Find("name", Op::kIn, Words(10'001, "a")), "cannot search by 'name': a list of at most 10000 is needed");
  EXPECT_EQ(Find("name", Op::kILike, std::string(17, '%')),
            "cannot search by 'name': the pattern is too long or has too many wildcards");
  EXPECT_EQ(Find("name", Op::kLike, std::string(1001, 'a')),
            "cannot search by 'name': the pattern is too long or has too many wildcards");
  EXPECT_EQ(Find("size", Op::kLike, 1.0), "cannot search by 'size': not a comparison of numbers");
  EXPECT_EQ(Find("size", Op::kEq, "1"), "cannot search by 'size': a number is needed");
}

TEST_P(ContractFilter, RowsAreReadUntilTheFirstError) {
  const auto sum = Read([](Conn& conn) -> Result<std::int64_t> {
    TRY(Stmt stmt, conn.Prepare("SELECT no FROM t ORDER BY no"));
    std::int64_t out = 0;
    TRYV(ForEachRow(stmt, [&](const Stmt& row) { out += row.Int(0); }));
    return out;
  });
  EXPECT_EQ(*sum, 15);
  int seen = 0;
  const auto stopped = Read([&](Conn& conn) -> Result<std::vector<int>> {
    TRY(Stmt stmt, conn.Prepare("SELECT no FROM t ORDER BY no"));
    return ReadRows(stmt, [&](const Stmt& row) -> Result<int> {
      ++seen;
      if (row.Int(0) == 2) return Fail(Code::kCorrupt, "two");
      return 1;
    });
  });
  EXPECT_EQ(stopped.error().what, "two");
  EXPECT_EQ(seen, 2);
  const auto first = [&](std::int64_t from) {
    return *Read([&](Conn& conn) -> Result<std::optional<std::int64_t>> {
      TRY(Stmt stmt, conn.Prepare("SELECT no FROM t WHERE no >= ?1 ORDER BY no"));
      stmt.Bind(from);
      return ReadRow(stmt, [](const Stmt& row) { return row.Int(0); });
    });
  };
  EXPECT_EQ(first(4), 4);
  EXPECT_EQ(first(9), std::nullopt);
}

}  // namespace
}  // namespace mlean::sql

// The contract of values, order of rows, constraints and statements: see contract_test.hpp.
#include "sql/contract_test.hpp"

#include <cmath>
#include <limits>

#include "sql/rows.hpp"

namespace mlean::sql {
namespace {

const std::vector<Migration> kSchema = {{"contract", 1, R"sql(
CREATE TABLE numbers(no INTEGER PRIMARY KEY AUTOINCREMENT, whole INTEGER, part REAL);
CREATE TABLE texts(no INTEGER PRIMARY KEY, text TEXT UNIQUE);
CREATE TABLE blobs(name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE pairs(a INTEGER NOT NULL, b TEXT NOT NULL, value INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(a, b)) WITHOUT ROWID;
CREATE TABLE parts(text INTEGER NOT NULL REFERENCES texts(no));
CREATE TABLE turns(name TEXT NOT NULL, ended INTEGER, size INTEGER NOT NULL DEFAULT 1 CHECK(size > 0));
CREATE UNIQUE INDEX turns_open ON turns(name) WHERE ended IS NULL;
CREATE TABLE sealed(no INTEGER PRIMARY KEY);
CREATE TRIGGER sealed_no_delete BEFORE DELETE ON sealed
WHEN OLD.no > (SELECT count(*) FROM turns)
BEGIN SELECT RAISE(ABORT, 'it is sealed'); END;
)sql"}};

using Whole = std::numeric_limits<std::int64_t>;
using Real = std::numeric_limits<double>;

class Contract : public ContractTest {
 protected:
  Contract() : ContractTest(kSchema) {}
};
MLEAN_ON_EVERY_BACKEND(Contract);

// ---- values

TEST_P(Contract, WholeNumbersHave64Bits) {
  const std::vector<std::int64_t> all = {Whole::min(), -1, 0, (std::int64_t{1} << 53) + 1, Whole::max()};
  for (const std::int64_t value : all) {
    ASSERT_TRUE(Exec("INSERT INTO numbers(whole) VALUES(?1)", value));
    EXPECT_EQ(Rows("SELECT whole FROM numbers WHERE whole = ?1", value), std::to_string(value));
  }
  EXPECT_EQ(Rows("SELECT count(*) FROM numbers"), "5");
  EXPECT_EQ(Rows("SELECT whole FROM numbers WHERE whole > ?1", all[3] - 1), "9007199254740993,9223372036854775807");
}

TEST_P(Contract, RealsComeBackBitForBit) {
  const std::vector<double> all = {
      0.1,         0.1 + 0.2,         -1e300,          3, std::nextafter(1.0, 2.0), Real::denorm_min(), Real::max(),
      Real::min(), -Real::infinity(), Real::infinity()};
  for (const double value : all) ASSERT_TRUE(Exec("INSERT INTO numbers(part) VALUES(?1)", value));
  const auto back = Read([](Conn& conn) -> Result<std::vector<double>> {
    TRY(Stmt stmt, conn.Prepare("SELECT part FROM numbers ORDER BY no"));
    return ReadRows(stmt, [](const Stmt& row) { return row.Double(0); });
  });
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, all);
  for (const double value : all) EXPECT_EQ(Rows("SELECT count(*) FROM numbers WHERE part = ?1", value), "1") << value;
  EXPECT_EQ(Rows("SELECT count(*) FROM numbers WHERE part > ?1", Real::max()), "1") << "infinity is the greatest";
  EXPECT_EQ(Rows("SELECT count(*) FROM numbers WHERE part < ?1", Real::lowest()), "1");
}

TEST_P(Contract, WhatIsNoNumberIsNull) {
  ASSERT_TRUE(Exec("INSERT INTO numbers(part) VALUES(?1)", Real::quiet_NaN()));
  const auto read = Read([](Conn& conn) -> Result<void> {
    TRY(Stmt stmt, conn.Prepare("SELECT part, whole FROM numbers WHERE part IS NULL"));
    TRY(const bool row, stmt.Step());
    EXPECT_TRUE(row);
    EXPECT_TRUE(stmt.Null(0));
    EXPECT_TRUE(std::isnan(stmt.Double(0)));
    EXPECT_EQ(stmt.MaybeInt(1), std::nullopt);
    return {};
  });
  EXPECT_TRUE(read) << read.error().what;
}

TEST_P(Contract, EmptyIsNotNull) {
  ASSERT_TRUE(Exec("INSERT INTO texts(no, text) VALUES(1, ?1), (2, ?2)", std::string_view(), std::optional<std::string>()));
  EXPECT_EQ(Rows("SELECT no FROM texts WHERE text = ''"), "1");
  EXPECT_EQ(Rows("SELECT no FROM texts WHERE text IS NULL"), "2");
  EXPECT_EQ(Rows("SELECT coalesce(text, 'none') || ';' FROM texts ORDER BY no"), ";,none;");
}

TEST_P(Contract, BlobsHoldEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const auto done = Write([&](Txn& txn) -> Result<void> {
    TRY(Stmt stmt, txn.Prepare("INSERT INTO blobs(name, bytes) VALUES(?1, ?2)"));
    TRYV(stmt.Bind("all").BindBlob(bytes).Run());
    stmt.Reset();
    return stmt.Bind("none").BindBlob({}).Run();
  });
  ASSERT_TRUE(done) << done.error().what;
  const auto read = Read([&](Conn& conn) -> Result<void> {
    TRY(Stmt stmt, conn.Prepare("SELECT bytes FROM blobs ORDER BY name"));
    TRY(const auto rows, ReadRows(stmt, [](const Stmt& row) {
          EXPECT_FALSE(row.Null(0));
          return row.Blob(0);
        }));
    EXPECT_EQ(rows, (std::vector<std::string>{bytes, ""}));
    return {};
  });
  EXPECT_TRUE(read) << read.error().what;
}

TEST_P(Contract, TextsAreUtf8) {
  const std::string text = "quote ' \" \\ % \n \xC3\xBC \xE2\x82\xAC \xF0\x9F\x8D\x8B";
  ASSERT_TRUE(Exec("INSERT INTO texts(no, text) VALUES(1, ?1)", text));
  EXPECT_EQ(Rows("SELECT text FROM texts WHERE text = ?1", text), text);
  EXPECT_EQ(Rows("SELECT length(text) FROM texts"), "21") << "characters, not bytes";
  // A zero byte, or what is not UTF-8, is kept as it is or refused; never cut or changed. Stores do not rely on either.
  for (const std::string& odd : {std::string("a\0b", 3), std::string("\xF4\x90"), std::string("\xED\xA0\x80")}) {
    const Result<void> done = Exec("INSERT INTO texts(text) VALUES(?1)", odd);
    if (!done) {
      EXPECT_EQ(done.error().code, Code::kInvalid);
    } else {
      EXPECT_EQ(Rows("SELECT text FROM texts WHERE text = ?1", odd), odd);
    }
  }
}

TEST_P(Contract, ABooleanIsReadAsZeroOrOne) {
  ASSERT_TRUE(Exec("INSERT INTO numbers(whole) VALUES(?1)", true));
  const auto read = Read([](Conn& conn) -> Result<void> {
    TRY(Stmt stmt, conn.Prepare("SELECT whole = 1, whole IS NULL, EXISTS(SELECT 1 FROM texts), NOT EXISTS(SELECT 1 FROM texts), "
                                "sum(whole), count(*) FROM numbers GROUP BY whole"));
    TRY(const bool row, stmt.Step());
    EXPECT_TRUE(row);
    for (const auto& [column, value] : {std::pair{0, 1}, {1, 0}, {2, 0}, {3, 1}, {4, 1}, {5, 1}})
      EXPECT_EQ(stmt.Int(column), value) << column;
    return {};
  });
  EXPECT_TRUE(read) << read.error().what;
}

// ---- order and comparison

TEST_P(Contract, TextsAreComparedByTheirBytes) {
  for (const char* text : {"b", "a b", "a", "B", "a_b", "\xC3\xA4", "a ", "_", "10", "9"})
    ASSERT_TRUE(Exec("INSERT INTO texts(text) VALUES(?1)", text));
  EXPECT_EQ(Rows("SELECT text FROM texts ORDER BY text"), "10,9,B,_,a,a ,a b,a_b,b,\xC3\xA4");
  EXPECT_EQ(Rows("SELECT text FROM texts WHERE text > ?1 AND text < ?2 ORDER BY text DESC", "a", "b"), "a_b,a b,a ");
  EXPECT_EQ(Rows("SELECT max(text) FROM texts"), "\xC3\xA4");
  EXPECT_EQ(Rows("SELECT text FROM texts WHERE text = 'A'"), "");
}

TEST_P(Contract, NullsStandWhereTheStatementSays) {
  ASSERT_TRUE(Exec("INSERT INTO numbers(no, whole) VALUES(1, 5), (2, NULL), (3, 4)"));
  EXPECT_EQ(Rows("SELECT no FROM numbers ORDER BY whole NULLS LAST"), "3,1,2");
  EXPECT_EQ(Rows("SELECT no FROM numbers ORDER BY whole NULLS FIRST"), "2,3,1");
  EXPECT_EQ(Rows("SELECT no FROM numbers ORDER BY whole DESC NULLS LAST"), "1,3,2");
  EXPECT_EQ(Rows("SELECT no FROM numbers WHERE whole <> 5"), "3") << "NULL compares with nothing";
  EXPECT_EQ(Rows("SELECT no FROM numbers WHERE whole IS NOT DISTINCT FROM ?1", std::optional<std::int64_t>()), "2");
  EXPECT_EQ(Rows("SELECT count(whole) FROM numbers"), "2");
  EXPECT_EQ(Rows("SELECT max(whole) FROM numbers WHERE no > 7"), "-");
}

TEST_P(Contract, WholeNumbersAreDividedAsSuch) {
  ASSERT_TRUE(Exec("INSERT INTO numbers(no, whole) VALUES(1, 7), (2, -7)"));
  EXPECT_EQ(Rows("SELECT whole / 2 FROM numbers ORDER BY no"), "3,-3");
  EXPECT_EQ(Rows("SELECT whole % 4 FROM numbers ORDER BY no"), "3,-3");
}

// ---- constraints

TEST_P(Contract, ConstraintsAreKindsOfErrors) {
  const auto code_of = [&](std::string_view sql) {
    const Result<void> done = Exec(sql);
    return done ? std::optional<Code>() : done.error().code;
  };
  EXPECT_EQ(code_of("INSERT INTO texts(no, text) VALUES(1, 'one')"), std::nullopt);
  EXPECT_EQ(code_of("INSERT INTO texts(no, text) VALUES(1, 'two')"), Code::kExists) << "primary key";
  EXPECT_EQ(code_of("INSERT INTO texts(no, text) VALUES(2, 'one')"), Code::kExists) << "unique column";
  EXPECT_EQ(code_of("INSERT INTO pairs(a, b) VALUES(1, 'x')"), std::nullopt);
  EXPECT_EQ(code_of("INSERT INTO pairs(a, b) VALUES(1, 'x')"), Code::kExists) << "primary key of two";
  EXPECT_EQ(code_of("INSERT INTO pairs(a, b) VALUES(NULL, 'x')"), Code::kInvalid) << "not null";
  EXPECT_EQ(code_of("INSERT INTO parts VALUES(77)"), Code::kInvalid) << "reference";
  EXPECT_EQ(code_of("INSERT INTO turns(name) VALUES('a')"), std::nullopt);
  EXPECT_EQ(code_of("INSERT INTO turns(name) VALUES('a')"), Code::kExists) << "unique where";
  EXPECT_EQ(code_of("UPDATE turns SET ended = 1"), std::nullopt);
  EXPECT_EQ(code_of("INSERT INTO turns(name) VALUES('a')"), std::nullopt);
  EXPECT_EQ(code_of("INSERT INTO turns(name, size) VALUES('b', 0)"), Code::kInvalid) << "check";
  EXPECT_EQ(code_of("INSERT INTO sealed VALUES(2), (3)"), std::nullopt);
  EXPECT_EQ(code_of("DELETE FROM sealed WHERE no = 2"), std::nullopt);
  EXPECT_EQ(code_of("DELETE FROM sealed"), Code::kDenied) << "a trigger";
  EXPECT_THAT(Exec("DELETE FROM sealed").error().what, testing::HasSubstr("it is sealed"));
  EXPECT_EQ(Rows("SELECT no FROM sealed"), "3");
}

TEST_P(Contract, ARowThatIsThereIsLeftOrChanged) {
  const auto put = [&](std::string_view conflict, int value) {
    return Write([&](Txn& txn) -> Result<std::int64_t> {
      TRYV(txn.Exec(fmt::format("INSERT INTO pairs(a, b, value) VALUES(1, 'x', ?1) ON CONFLICT{}", conflict), value));
      return txn.Changes();
    });
  };
  EXPECT_EQ(put(" DO NOTHING", 10).value_or(-1), 1);
  EXPECT_EQ(put(" DO NOTHING", 11).value_or(-1), 0);
  EXPECT_EQ(Rows("SELECT value FROM pairs"), "10");
  EXPECT_EQ(put("(a, b) DO UPDATE SET value = excluded.value", 12).value_or(-1), 1);
  EXPECT_EQ(put("(a, b) DO UPDATE SET value = pairs.value + excluded.value", 5).value_or(-1), 1);
  EXPECT_EQ(put("(a, b) DO UPDATE SET value = 0 WHERE excluded.value > pairs.value", 1).value_or(-1), 0);
  EXPECT_EQ(Rows("SELECT value FROM pairs"), "17");
}

TEST_P(Contract, TheDatabaseNumbersRows) {
  const auto add = [&](std::string_view sql) {
    return Write([&](Txn& txn) -> Result<std::int64_t> {
      TRYV(txn.Exec(sql));
      return txn.LastRowId();
    });
  };
  const Result<std::int64_t> first = add("INSERT INTO numbers(whole) VALUES(1)");
  const Result<std::int64_t> second = add("INSERT INTO numbers(whole) VALUES(2)");
  ASSERT_TRUE(first && second);
  EXPECT_GT(*first, 0);
  EXPECT_GT(*second, *first);
  EXPECT_EQ(Rows("SELECT whole FROM numbers WHERE no = ?1", *second), "2");
  // AUTOINCREMENT: the number of a row that has gone is not given again.
  ASSERT_TRUE(Exec("DELETE FROM numbers"));
  const std::int64_t third = add("INSERT INTO numbers(whole) VALUES(3)").value_or(0);
  EXPECT_GT(third, *second);
  ASSERT_TRUE(Exec("INSERT INTO numbers(no) VALUES(?1)", third + 10));
  EXPECT_GT(add("INSERT INTO numbers(whole) VALUES(4)").value_or(0), third + 10) << "nor one below a number by hand";
}

TEST_P(Contract, ChangesAreTheRowsOfTheLastStatement) {
  const auto counts = Write([](Txn& txn) -> Result<std::vector<std::int64_t>> {
    std::vector<std::int64_t> out;
    for (const char* sql :
         {"INSERT INTO texts(no, text) VALUES(1, 'a'), (2, 'b'), (3, 'c')", "UPDATE texts SET text = text WHERE no > 1",
          "UPDATE texts SET text = '' WHERE no > 9", "DELETE FROM texts"}) {
      TRYV(txn.Exec(sql));
      out.push_back(txn.Changes());
    }
    return out;
  });
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_EQ(*counts, (std::vector<std::int64_t>{3, 2, 0, 3}));
}

// ---- statements

TEST_P(Contract, AValueMayStandTwiceAndInAnyPlace) {
  EXPECT_EQ(Rows("SELECT count(*) FROM texts WHERE no = ?2 OR text = ?1 OR no > ?2 LIMIT ?3", "a", 1, 5), "0");
  ASSERT_TRUE(Exec("INSERT INTO texts(no, text) SELECT ?1, ?2 WHERE NOT EXISTS(SELECT 1 FROM texts WHERE no = ?1)", 1, "a"));
  ASSERT_TRUE(Exec("INSERT INTO texts(no, text) SELECT ?1, ?2 WHERE NOT EXISTS(SELECT 1 FROM texts WHERE no = ?1)", 1, "a"));
  EXPECT_EQ(Rows("SELECT text FROM texts"), "a");
}

TEST_P(Contract, WrongStatementsAreOurBug) {
  EXPECT_EQ(Exec("INSERT INTO texts VALUES(?1, ?2)", 1).error().code, Code::kInternal) << "too few values";
  EXPECT_EQ(Exec("SELECT count(*) FROM texts", 1).error().code, Code::kInternal) << "too many";
  EXPECT_EQ(Exec("SELECT 1; SELECT 2").error().code, Code::kInternal) << "not one statement";
  EXPECT_EQ(Exec("").error().code, Code::kInternal);
  EXPECT_EQ(Exec("SELECT \"no such column\"").error().code, Code::kInternal) << "a name, not a text";
  EXPECT_EQ(Exec("SELEC 1").error().code, Code::kInternal);
  EXPECT_TRUE(Exec("SELECT 1")) << "none of them breaks the connection";
}

TEST_P(Contract, StatementsInALoopAndTwiceAtOnce) {
  const Result<std::int64_t> sum = Write([&](Txn& txn) -> Result<std::int64_t> {
    TRY(Stmt insert, txn.Prepare("INSERT INTO texts(no) VALUES(?1)"));
    for (int i = 1; i <= 5; ++i) {
      insert.Reset();
      TRYV(insert.Bind(i).Run());
    }
    // The same text is open twice: the second one does not share the first one's place.
    std::int64_t total = 0;
    TRY(Stmt outer, txn.Prepare("SELECT no FROM texts"));
    TRYV(ForEachRow(outer, [&](const Stmt& a) -> Result<void> {
      TRY(Stmt inner, txn.Prepare("SELECT no FROM texts"));
      return ForEachRow(inner, [&](const Stmt& b) { total += a.Int(0) * b.Int(0); });
    }));
    TRY(const bool again, outer.Step());  // does not start over
    EXPECT_FALSE(again);
    return total;
  });
  ASSERT_TRUE(sum) << sum.error().what;
  EXPECT_EQ(*sum, 15 * 15);
}

}  // namespace
}  // namespace mlean::sql

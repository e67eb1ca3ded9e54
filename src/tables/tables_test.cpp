#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <limits>
#include <thread>

#include "base/clock.hpp"
#include "os/files.hpp"
#include "tables/csv_shape.hpp"
#include "tables/engine.hpp"
#include "tables/quote.hpp"
#include "tables/reader.hpp"
#include "tables/writer.hpp"

namespace mlean::tables {
namespace {

using types::Column;
using types::Frame;
using types::Kind;
using types::kMissingCode;
using types::kMissingInt;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class Tables : public ::testing::Test {
 protected:
  void SetUp() override {
    auto engine = Engine::Open();
    ASSERT_TRUE(engine) << engine.error().what;
    engine_ = *std::move(engine);
    auto dir = os::TempDir::Make("mlean-tables");
    ASSERT_TRUE(dir);
    dir_.emplace(*std::move(dir));
  }
  std::string Path(const std::string& name) const { return (dir_->path() / name).string(); }
  std::string Write(const std::string& name, std::string_view text) const {
    EXPECT_TRUE(os::WriteFileAtomic(Path(name), text));
    return Path(name);
  }
  Frame Ask(std::string_view sql) {
    auto frame = engine_->Query(sql);
    EXPECT_TRUE(frame) << frame.error().what;
    return frame ? *std::move(frame) : Frame{};
  }
  std::string Text(const Column& column, std::size_t row) { return column.words[static_cast<std::size_t>(column.codes[row])]; }

  std::unique_ptr<Engine> engine_;
  std::optional<os::TempDir> dir_;
};

TEST_F(Tables, EveryTypeComesAsItsKind) {
  const Frame frame = Ask(
      "SELECT 1::TINYINT a, -2::SMALLINT b, 3::INTEGER c, 9007199254740993::BIGINT d, 255::UTINYINT e, 65535::USMALLINT f, "
      "4294967295::UINTEGER g, 18446744073709551615::UBIGINT h, -170141183460469231731687303715884105727::HUGEINT i, "
      "1.5::FLOAT j, 'inf'::DOUBLE k, 0.1::DECIMAL(4,1) l, 12345678901234567.89::DECIMAL(30,2) m, true n, DATE '1969-12-31' o, "
      "TIMESTAMP '1969-12-31 23:59:59.9995' p, TIMESTAMP_S '2013-01-01 00:00:00' q, TIMESTAMP_MS '2013-01-01 00:00:00.123' r, "
      "TIMESTAMP_NS '1960-01-01 00:00:00.000000001' s, TIMESTAMPTZ '2013-01-01 00:00:00+02' t, 'x'::VARCHAR u, "
      "'b'::ENUM('a','b') v, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID w, [1,2] x, {'k': 1} y, TIME '12:30:00' z, "
      "'infinity'::DATE za, 'infinity'::TIMESTAMP zb, 0.05::DECIMAL(9,3) zc, 0.25::DECIMAL(18,4) zd, -1::HUGEINT ze");
  ASSERT_EQ(frame.rows(), 1u);
  const auto integer = [&](const char* name) { return frame.Find(name)->ints.at(0); };
  const auto real = [&](const char* name) { return frame.Find(name)->reals.at(0); };
  const auto text = [&](const char* name) { return Text(*frame.Find(name), 0); };
  EXPECT_EQ(integer("a"), 1);
  EXPECT_EQ(integer("b"), -2);
  EXPECT_EQ(integer("c"), 3);
  EXPECT_EQ(integer("d"), 9007199254740993);
  EXPECT_EQ(integer("e"), 255);
  EXPECT_EQ(integer("f"), 65535);
  EXPECT_EQ(integer("g"), 4294967295);
  EXPECT_EQ(real("h"), 18446744073709551615.0);
  EXPECT_EQ(real("i"), -std::ldexp(1, 127));
  EXPECT_EQ(real("ze"), -1);
  EXPECT_EQ(real("j"), 1.5);
  EXPECT_EQ(real("k"), kInf);
  EXPECT_EQ(real("l"), 0.1);
  EXPECT_DOUBLE_EQ(real("m"), 12345678901234567.89);
  EXPECT_EQ(real("zc"), 0.05);
  EXPECT_EQ(real("zd"), 0.25);
  EXPECT_EQ(frame.Find("n")->kind, Kind::kBool);
  EXPECT_EQ(integer("n"), 1);
  EXPECT_EQ(integer("o"), -kDayMs);
  EXPECT_EQ(integer("p"), -1) << "rounded down, before 1970 too";
  EXPECT_EQ(integer("q"), 1356998400000);
  EXPECT_EQ(integer("r"), 1356998400123);
  EXPECT_EQ(FormatTime(integer("s")), "1960-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTime(integer("t")), "2012-12-31T22:00:00.000Z");
  EXPECT_EQ(text("u"), "x");
  EXPECT_EQ(text("v"), "b");
  EXPECT_EQ(text("w"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(text("x"), "[1, 2]");
  EXPECT_EQ(text("y"), "{'k': 1}");
  EXPECT_EQ(text("z"), "12:30:00");
  EXPECT_EQ(integer("za"), kMissingInt);
  EXPECT_EQ(integer("zb"), kMissingInt);
}

TEST_F(Tables, NullsOfEveryKindAreMissing) {
  const Frame frame =
      Ask("SELECT NULL::INTEGER a, NULL::DOUBLE b, NULL::BOOLEAN c, NULL::DATE d, NULL::TIMESTAMP e, NULL::VARCHAR f, "
          "NULL::DECIMAL(30,2) g, "
          "NULL::ENUM('a') h, NULL i, 'nan'::DOUBLE j FROM range(3000)");
  ASSERT_EQ(frame.rows(), 3000u);
  for (const Column& column : frame.columns) {
    EXPECT_TRUE(column.Missing(0)) << column.name;
    EXPECT_TRUE(column.Missing(2999)) << column.name;
  }
}

TEST_F(Tables, TextIsCodedOverManyChunks) {
  const Frame frame = Ask("SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE 'word number ' || (i % 5000) END w FROM range(100000) t(i)");
  const Column& column = frame.columns.at(0);
  ASSERT_EQ(column.size(), 100000u);
  EXPECT_EQ(column.words.size(), 5000u);
  for (std::size_t i = 0; i < column.size(); i += 997) {
    if (i % 7 == 0) {
      EXPECT_EQ(column.codes[i], kMissingCode);
    } else {
      EXPECT_EQ(Text(column, i), "word number " + std::to_string(i % 5000));
    }
  }
}

Frame SampleFrame(std::size_t rows) {
  Frame frame;
  Column real{"real", Kind::kReal, {}, {}, {}, {}}, whole{"whole", Kind::kInt, {}, {}, {}, {}};
  Column flag{"flag", Kind::kBool, {}, {}, {}, {}}, time{"time \"t\"", Kind::kTime, {}, {}, {}, {}};
  Column text{"text", Kind::kText, {}, {}, {}, {"", "it's", "naïve", "a longer word than twelve bytes"}};
  for (std::size_t i = 0; i < rows; ++i) {
    const bool gap = i % 11 == 3;
    real.reals.push_back(gap ? kNan : i % 13 == 0 ? kInf : i % 17 == 0 ? -kInf : static_cast<double>(i) / 3);
    whole.ints.push_back(gap ? kMissingInt : static_cast<std::int64_t>(i) * 1'000'000'007 - 5);
    flag.ints.push_back(gap ? kMissingInt : i % 2 == 0 ? 1 : 0);
    time.ints.push_back(gap ? kMissingInt : static_cast<std::int64_t>(i) * 86'400'123 - 1'000'000'000'000);
    text.codes.push_back(gap ? kMissingCode : static_cast<std::int32_t>(i % 4));
  }
  frame.columns = {real, whole, flag, time, text};
  return frame;
}

void ExpectSame(const Frame& a, const Frame& b) {
  ASSERT_EQ(a.columns.size(), b.columns.size());
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    const Column &x = a.columns[c], &y = b.columns[c];
    EXPECT_EQ(x.name, y.name);
    ASSERT_EQ(x.kind, y.kind) << x.name;
    ASSERT_EQ(x.size(), y.size());
    EXPECT_EQ(x.ints, y.ints);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(x.Missing(i), y.Missing(i)) << x.name << " " << i;
      if (x.Missing(i)) continue;
      if (x.kind == Kind::kReal) {
        ASSERT_EQ(x.reals[i], y.reals[i]);
      }
      if (x.kind == Kind::kText) {
        ASSERT_EQ(x.words[static_cast<std::size_t>(x.codes[i])], y.words[static_cast<std::size_t>(y.codes[i])]);
      }
    }
  }
}

TEST_F(Tables, FrameGoesThereAndBack) {
  const Frame frame = SampleFrame(5000);
  ASSERT_TRUE(engine_->RegisterFrame("odd \"name\"", frame));
  ExpectSame(frame, Ask("SELECT * FROM " + QuoteIdentifier("odd \"name\"")));
  ASSERT_TRUE(engine_->RegisterFrame("odd \"name\"", SampleFrame(0))) << "replaces";
  EXPECT_EQ(Ask("SELECT * FROM " + QuoteIdentifier("odd \"name\"")).rows(), 0u);
  ASSERT_TRUE(engine_->DropTable("odd \"name\""));
  EXPECT_EQ(engine_->Query("SELECT * FROM " + QuoteIdentifier("odd \"name\"")).error().code, Code::kNotFound);
}

TEST_F(Tables, ParquetGoesThereAndBackAndItsBytesAreTheSame) {
  const Frame frame = SampleFrame(5000);
  const std::string a = Path("a.parquet"), b = Path("b.parquet");
  ASSERT_EQ(*WriteParquet(*engine_, frame, a, {.row_group_size = 2048}), 5000);
  auto other = Engine::Open({.threads = 4});
  ASSERT_TRUE(other);
  ASSERT_EQ(*WriteParquet(**other, frame, b, {.row_group_size = 2048}), 5000);
  EXPECT_EQ(*os::ReadFile(a), *os::ReadFile(b));
  auto read = ReadFrame(*engine_, {.path = a});
  ASSERT_TRUE(read) << read.error().what;
  ExpectSame(frame, *read);
  EXPECT_EQ(*CountRows(*engine_, {.path = a}), 5000);
  EXPECT_EQ(*engine_->ScalarInt("SELECT count(DISTINCT row_group_id) FROM parquet_metadata(" + QuoteLiteral(a) + ")"), 3);
  EXPECT_EQ(*engine_->ScalarText("SELECT DISTINCT compression FROM parquet_metadata(" + QuoteLiteral(a) + ")"), "ZSTD");
}

TEST_F(Tables, BigParquetIsWrittenWithTheSameBytes) {
  const std::string sql = "SELECT i, i % 1000 AS k, 'w' || (i % 77) AS t FROM range(600000) r(i)";
  ASSERT_EQ(*WriteParquet(*engine_, sql, Path("a.parquet")), 600000);
  ASSERT_EQ(*WriteParquet(*engine_, sql, Path("b.parquet")), 600000);
  EXPECT_EQ(*os::ReadFile(Path("a.parquet")), *os::ReadFile(Path("b.parquet")));
  EXPECT_EQ(*engine_->ScalarInt("SELECT current_setting('threads')"), 2) << "threads are given back";
}

TEST_F(Tables, CsvGoesThereAndBack) {
  ASSERT_EQ(
      *WriteCsv(*engine_, "SELECT 1 AS \"a,b\", 'x\"y' AS c, NULL AS d, TIMESTAMP '2013-01-01 10:00:00' AS t", Path("o.csv")), 1);
  EXPECT_EQ(*os::ReadFile(Path("o.csv")), "\"a,b\",c,d,t\n1,\"x\"\"y\",,2013-01-01 10:00:00\n");
}

TEST_F(Tables, CsvIsTyped) {
  const std::string path =
      Write("a.csv", "id,x,name,flag,day,na\n1,1.5,Ann,true,2013-01-01,NA\n2,,\"O'B, x\",false,2013-01-02,7\n");
  auto schema = Describe(*engine_, {.path = path});
  ASSERT_TRUE(schema) << schema.error().what;
  EXPECT_EQ(schema->Find("id")->sql_type, "BIGINT");
  EXPECT_EQ(schema->Find("x")->kind, Kind::kReal);
  EXPECT_EQ(schema->Find("flag")->kind, Kind::kBool);
  EXPECT_EQ(schema->Find("day")->kind, Kind::kTime);
  EXPECT_EQ(schema->Find("na")->kind, Kind::kText);
  schema = Describe(*engine_, {.path = path, .pandas_types = true});
  EXPECT_EQ(schema->Find("day")->kind, Kind::kText);
  EXPECT_EQ(schema->Find("na")->kind, Kind::kInt);
  auto frame = ReadFrame(*engine_, {.path = path, .pandas_types = true}, {"na", "name"}, "id = 1");
  ASSERT_TRUE(frame) << frame.error().what;
  EXPECT_TRUE(frame->Find("na")->Missing(0));
  schema = Describe(*engine_, {.path = path, .all_text = true});
  EXPECT_EQ(schema->Find("id")->kind, Kind::kText);
}

// DuckDB takes yes, no, y, n, t and f for bools; as a class or a category the word itself counts.
TEST_F(Tables, OnlyTrueAndFalseAreBools) {
  const std::string path = Write("words.csv",
                                 "paid,flag,Late,mixed,it's \"odd\",none\nyes,true,N,true,t,\n,False,Y,yes,f,\nno,TRUE,n,no,f,\n"
                                 "Yes,,y,false,\"t\",\n");
  for (const bool pandas : {false, true}) {
    const DataSource source{.path = path, .pandas_types = pandas};
    const auto schema = Describe(*engine_, source);
    ASSERT_TRUE(schema) << schema.error().what;
    const auto frame = ReadFrame(*engine_, source);
    ASSERT_TRUE(frame) << frame.error().what;
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(schema->columns[i].kind, i == 1 ? Kind::kBool : Kind::kText) << schema->columns[i].name;
      ASSERT_EQ(frame->columns[i].kind, i == 1 ? Kind::kBool : Kind::kText) << schema->columns[i].name;
    }
    const Column& paid = *frame->Find("paid");
    EXPECT_EQ(Text(paid, 0) + Text(paid, 2) + Text(paid, 3), "yesnoYes");
    EXPECT_TRUE(paid.Missing(1));
    EXPECT_EQ(Text(*frame->Find("mixed"), 1), "yes");
    EXPECT_EQ(Text(*frame->Find("it's \"odd\""), 0), "t");
    EXPECT_THAT(frame->Find("flag")->ints, testing::ElementsAre(1, 0, 1, kMissingInt));
  }
  const auto chosen = ReadFrame(*engine_, {.path = path}, {"Late"}, "\"Late\" = 'N'");
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_EQ(chosen->rows(), 1u);
  // Two files: the first alone looks like bools in `a`, the second decides.
  ASSERT_TRUE(os::MakeDirs(Path("words")));
  Write("words/1.csv", "a,b\ntrue,1\n");
  Write("words/2.csv", "a,b\nyes,2\n");
  const auto both = ReadFrame(*engine_, {.path = Path("words")});
  ASSERT_TRUE(both) << both.error().what;
  EXPECT_EQ(both->Find("a")->words, (std::vector<std::string>{"true", "yes"}));
  ASSERT_TRUE(WriteParquet(*engine_, "SELECT true AS a", Path("words.parquet")));
  EXPECT_EQ(Describe(*engine_, {.path = Path("words.parquet")})->columns[0].kind, Kind::kBool);
}

TEST_F(Tables, OtherSeparatorsAreFound) {
  EXPECT_EQ(Describe(*engine_, {.path = Write("s.csv", "a;b\n1;2\n")})->columns.size(), 2u);
  EXPECT_EQ(Describe(*engine_, {.path = Write("t.tsv", "a\tb,c\n1\t2\n")})->columns.size(), 2u);
  EXPECT_EQ(Describe(*engine_, {.path = Write("o.csv", "only\n1\n")})->columns.size(), 1u);
  EXPECT_EQ(Describe(*engine_, {.path = Write("bom.csv",
                                              "\xEF\xBB\xBF"
                                              "a,b\n1,2\n")})
                ->columns.at(0)
                .name,
            "a");
}

TEST_F(Tables, RaggedCsvNamesFileAndLine) {
  const std::string more = Write("more.csv", "a,b\n1,x\n2,y,3\n3,z\n");
  EXPECT_EQ(ReadFrame(*engine_, {.path = more}).error().what, "cannot read '" + more + "': line 3: expected 2 fields, found 3");
  const std::string less = Write("less.csv", "a,b\n1,x\n\"2\nq\",y\n3\n");
  EXPECT_EQ(CountRows(*engine_, {.path = less}).error().what, "cannot read '" + less + "': line 5: expected 2 fields, found 1");
  const std::string open = Write("open.csv", "a,b\n1,\"x\n2,y\n");
  const auto error = ReadFrame(*engine_, {.path = open}).error();
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_EQ(error.what, "cannot read '" + open + "': line 2: a quote is left open");
  const std::string empty = Write("empty.csv", "");
  EXPECT_EQ(ReadFrame(*engine_, {.path = empty}).error().what, "cannot read '" + empty + "': no header in the first line");
  // Far behind the rows looked at for types.
  std::string big = "a,b\n";
  for (int i = 0; i < 300'000; ++i) big += "1,2\n";
  const std::string far = Write("far.csv", big + "1,2,3\n");
  EXPECT_EQ(ReadFrame(*engine_, {.path = far}).error().what,
            "cannot read '" + far + "': line 300002: expected 2 fields, found 3");
}

TEST_F(Tables, BrokenFilesAreSaidToBe) {
  for (const auto& [name, bytes] : std::vector<std::pair<std::string, std::string>>{
           {"a.parquet", "xx"}, {"b.parquet", "PAR1garbage garbage PAR1"}, {"c.parquet", ""}}) {
    const std::string path = Write(name, bytes);
    const auto error = ReadFrame(*engine_, {.path = path}).error();
    EXPECT_EQ(error.code, Code::kInvalid) << error.what;
    EXPECT_TRUE(error.what.starts_with("cannot read '" + path + "': ")) << error.what;
    EXPECT_EQ(error.what.find('\n'), std::string::npos);
    EXPECT_EQ(error.what.find("Error:"), std::string::npos) << error.what;
  }
  // Cut short: the footer is gone.
  ASSERT_TRUE(WriteParquet(*engine_, SampleFrame(3000), Path("whole.parquet")));
  const std::string bytes = *os::ReadFile(Path("whole.parquet"));
  EXPECT_EQ(ReadFrame(*engine_, {.path = Write("cut.parquet", bytes.substr(0, bytes.size() / 2))}).error().code, Code::kInvalid);
  EXPECT_EQ(ReadFrame(*engine_, {.path = Write("x.jsonl", "{\"a\": 1}\n{\"a\": \n")}).error().code, Code::kInvalid);
}

TEST_F(Tables, MissingFilesComeWithTheNearestName) {
  Write("flights.csv", "a\n1\n");
  const auto error = ReadFrame(*engine_, {.path = Path("fligths.csv")}).error();
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_EQ(error.what, "cannot read '" + Path("fligths.csv") + "': no such file");
  EXPECT_EQ(error.fix, "did you mean '" + Path("flights.csv") + "'?");
  EXPECT_EQ(ReadFrame(*engine_, {.path = Path("none/x.csv")}).error().code, Code::kNotFound);
  EXPECT_EQ(ReadFrame(*engine_, {.path = Path("z*.csv")}).error().code, Code::kNotFound);
  EXPECT_EQ(ReadFrame(*engine_, {.path = Write("x.xls", "")}).error().code, Code::kUnsupported);
  const auto column = ReadFrame(*engine_, {.path = Write("c.csv", "carrier,b\n1,2\n")}, {"carier"}).error();
  EXPECT_EQ(column.code, Code::kNotFound);
  EXPECT_EQ(column.fix, "did you mean 'carrier'?");
}

TEST_F(Tables, FoldersAndGlobsAreReadByName) {
  ASSERT_TRUE(os::MakeDirs(Path("d")));
  Write("d/2.csv", "a\n3\n4\n");
  Write("d/1.csv", "a\n1\n2\n");
  Write("d/notes.md", "x");
  auto frame = ReadFrame(*engine_, {.path = Path("d")});
  ASSERT_TRUE(frame) << frame.error().what;
  EXPECT_EQ(frame->columns[0].ints, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(*CountRows(*engine_, {.path = Path("d/*.csv")}), 4);
  EXPECT_EQ(*CountRows(*engine_, {.path = Write("odd[1]*.csv", "a\n1\n")}), 1) << "a name that looks like a pattern";
  EXPECT_EQ(*CountRows(*engine_, {.path = Write("it's.csv", "a\n1\n")}), 1);
  Write("d/3.jsonl", "{\"a\": 5}\n");
  EXPECT_EQ(ReadFrame(*engine_, {.path = Path("d")}).error().code, Code::kInvalid);
}

TEST_F(Tables, StreamsInPieces) {
  std::size_t pieces = 0, rows = 0;
  ASSERT_TRUE(engine_->Stream("SELECT i, 'w' || (i % 3) t FROM range(50000) r(i)", 10000, [&](Frame frame) -> Result<void> {
    ++pieces;
    EXPECT_EQ(frame.columns[0].ints.empty() ? -1 : frame.columns[0].ints[0], static_cast<std::int64_t>(rows));
    EXPECT_EQ(frame.columns[1].words.size(), 3u);
    rows += frame.rows();
    return {};
  }));
  EXPECT_EQ(rows, 50000u);
  EXPECT_GE(pieces, 4u);
  pieces = 0;
  ASSERT_TRUE(engine_->Stream("SELECT 1 AS a WHERE false", 10, [&](Frame frame) -> Result<void> {
    ++pieces;
    EXPECT_EQ(frame.columns.size(), 1u);
    return {};
  }));
  EXPECT_EQ(pieces, 1u);
  EXPECT_EQ(engine_->Stream("SELECT 1", 1, [](Frame) -> Result<void> { return Fail(Code::kDenied, "no"); }).error().code,
            Code::kDenied);
}

TEST_F(Tables, ErrorsAreOneLine) {
  EXPECT_EQ(engine_->Query("SELEC 1").error().what, "syntax error at or near \"SELEC\"");
  EXPECT_EQ(engine_->Query("SELECT foo FROM (SELECT 1 AS fob)").error().what,
            "referenced column \"foo\" not found in FROM clause! (candidate bindings: \"fob\")");
  EXPECT_EQ(engine_->Query("SELECT 'x'::INT").error().what, "could not convert string 'x' to INT32");
  EXPECT_EQ(engine_->Query("SELECT * FROM nosuch").error().code, Code::kNotFound);
  EXPECT_EQ(engine_->Execute("SELECT 1; SELEC 2").error().code, Code::kInvalid);
  EXPECT_EQ(engine_->Execute("INSTALL httpfs; LOAD httpfs").ok(), false);
  EXPECT_TRUE(engine_->Execute("  -- nothing\n"));
  EXPECT_EQ(
      TidyDuckError("Invalid Input Error: CSV Error on Line: 3\nOriginal Line: 2,y,3\nExpected Number of Columns: 2 Found: 3\nx"),
      "line 3: expected 2 fields, found 3");
  EXPECT_EQ(*engine_->ScalarInt("SELECT 42;"), 42);
  EXPECT_EQ(engine_->ScalarInt("SELECT NULL").error().code, Code::kNotFound);
  EXPECT_EQ(*engine_->ScalarReal("SELECT 0.5"), 0.5);
}

TEST_F(Tables, InterruptEndsARunningQuery) {
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) {
      engine_->Interrupt();
      std::this_thread::yield();
    }
  });
  const auto result = engine_->Query("SELECT sum(a.i * b.i) FROM range(1000000) a(i), range(1000000) b(i)");
  done = true;
  other.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kCancelled);
  EXPECT_EQ(*engine_->ScalarInt("SELECT 1"), 1) << "usable afterwards";
}

TEST_F(Tables, AFailedWriteLeavesNothing) {
  const std::string target = Write("keep.parquet", "old");
  EXPECT_FALSE(WriteParquet(*engine_, "SELECT error('stop') FROM range(3)", target));
  EXPECT_EQ(*os::ReadFile(target), "old");
  EXPECT_EQ(WriteParquet(*engine_, "SELECT 1", Path("no/such/x.parquet")).error().code, Code::kNotFound);
  EXPECT_EQ(os::ListDir(dir_->path())->size(), 1u) << "no temporary file";
}

// A full disk, played by a limit on file size in a child process (the limit cannot be raised again).
TEST_F(Tables, AFullDiskLeavesNothing) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer knows no threads in a child of fork";
#endif
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto engine = Engine::Open();  // threads of the parent's engine do not live here
    if (!engine) ::_exit(2);
    const std::string target = Path("full.parquet");
    auto written = WriteParquet(**engine, "SELECT random() AS a FROM range(500000)", target);
    if (written) ::_exit(3);
    if (written.error().what.find(target) == std::string::npos) ::_exit(4);
    if (os::Exists(target)) ::_exit(5);
    auto names = os::ListDir(dir_->path());
    ::_exit(names && names->empty() ? 0 : 6);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Engine, AMissingLibraryIsSaid) {
  const auto error = Engine::Open({.library = "libduckdb-that-is-not-there.so"}).error();
  EXPECT_NE(error.what.find("libduckdb-that-is-not-there.so"), std::string::npos) << error.what;
  EXPECT_TRUE(error.code == Code::kNotFound || error.code == Code::kUnsupported);
  EXPECT_FALSE(error.fix.empty());
}

TEST(Quote, KeepsQuotesInside) {
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
  EXPECT_EQ(QuoteLiteral(std::string_view("a\0b", 3)), "'ab'");
}

}  // namespace
}  // namespace mlean::tables

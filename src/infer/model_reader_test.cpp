#include "infer/model_reader.hpp"

#include <cmath>

#include "infer/json_reader.hpp"
#include "infer/ubjson.hpp"

namespace mlean::infer {
namespace {

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out += static_cast<char>(byte);
  return out;
}

// Reads {"i": ints, "f": floats, "s": string, "n": int}, in any order, skipping the rest.
struct Read {
  std::vector<std::int32_t> ints;
  std::vector<float> floats;
  std::string text;
  std::int64_t number = 0;
  std::string error;

  explicit Read(std::string_view bytes) {
    const std::unique_ptr<ModelReader> reader = OpenModelReader(bytes);
    reader->BeginObject();
    for (std::string_view key; reader->NextMember(key);) {
      if (key == "i") {
        reader->Ints(ints);
      } else if (key == "f") {
        reader->Floats(floats);
      } else if (key == "s") {
        text = reader->String();
      } else if (key == "n") {
        number = reader->Int();
      } else {
        reader->Skip();
      }
    }
    reader->Finish();
    error = reader->error();
  }
};

TEST(JsonReader, ReadsWhatItIsAskedFor) {
  const Read read(
      R"( {"x": {"y": [1, {"z": "]}\""}], "w": null}, "i": [1, -2, true, false, 3.0, 1e3], "f": [0.1, 5E-1, NaN, Infinity, -Infinity, 1e-50],)"
      R"("s": "a\u00fc\n\ud83d\ude00\"", "n": -7 } )");
  EXPECT_EQ(read.error, "");
  EXPECT_THAT(read.ints, testing::ElementsAre(1, -2, 1, 0, 3, 1000));
  ASSERT_EQ(read.floats.size(), 6U);
  EXPECT_EQ(read.floats[0], 0.1F);
  EXPECT_EQ(read.floats[1], 0.5F);
  EXPECT_TRUE(std::isnan(read.floats[2]));
  EXPECT_EQ(read.floats[3], INFINITY);
  EXPECT_EQ(read.floats[4], -INFINITY);
  EXPECT_EQ(read.floats[5], 0.0F);
  EXPECT_EQ(read.text, "a\xc3\xbc\n\xf0\x9f\x98\x80\"");
  EXPECT_EQ(read.number, -7);
}

TEST(JsonReader, RefusesWhatIsWrong) {
  for (const char* const text : {"{",
                                 "{\"i\"",
                                 "{\"i\":",
                                 "{\"i\":[1",
                                 "{\"i\":[1,]}",
                                 "{\"i\":[1 2]}",
                                 "{\"i\":[1.5]}",
                                 "{\"i\":[3000000000]}",
                                 "{\"i\":[\"1\"]}",
                                 "{\"i\":{}}",
                                 "{\"s\":\"",
                                 "{\"s\":\"\\",
                                 "{\"s\":\"\\x\"}",
                                 "{\"s\":\"\\ud800\"}",
                                 "{\"s\":\"\\u12\"}",
                                 "{\"n\":x}",
                                 "{\"n\":1}}",
                                 "{\"x\":}",
                                 "{\"x\":,1}",
                                 "{\"x\"1}",
                                 "{x:1}",
                                 "[1]",
                                 "",
                                 "{\"x\":[[1]}",
                                 "{,}"}) {
    EXPECT_NE(Read(text).error, "") << text;
  }
  EXPECT_THAT(Read("{\"x\":" + std::string(70, '[')).error, testing::HasSubstr("nested deeper than 64"));
}

TEST(UbjReader, ReadsEveryMarker) {
  // {"i": [$l#L2 1 -2], "n": I 258, "f": [$d#i2 0.5 -1], "s": "ab", "x": {"#": typed lists, nested, to be skipped}}
  const std::string bytes =
      Bytes({'{',  'i',  1,    'i',  '[', '$', 'l', '#', 'L', 0,    0,   0,   0,   0,    0,    0,   2,   0,   0,   0,   1,
             0xff, 0xff, 0xff, 0xfe,                                                                    //
             'U',  1,    'n',  'I',  1,   2,                                                            //
             'i',  1,    'f',  '[',  '$', 'd', '#', 'i', 2,   0x3f, 0,   0,   0,   0xbf, 0x80, 0,   0,  //
             'i',  1,    's',  'S',  'i', 2,   'a', 'b',                                                //
             'i',  1,    'x',  '{',  'i', 1,   'y', '[', '$', 'U',  '#', 'i', 3,   1,    2,    3,   'i', 1,   'z', '[', 'T',
             'N',  'F',  'Z',  'C',  'q', ']', 'i', 1,   'w', '{',  '$', 'i', '#', 'i',  1,    'i', 1,   'k', 9,   '}', '}'});
  const Read read(bytes);
  EXPECT_EQ(read.error, "");
  EXPECT_THAT(read.ints, testing::ElementsAre(1, -2));
  EXPECT_THAT(read.floats, testing::ElementsAre(0.5F, -1.0F));
  EXPECT_EQ(read.number, 258);
  EXPECT_EQ(read.text, "ab");
}

TEST(UbjReader, ReadsPlainListsAndOtherNumberTypes) {
  EXPECT_THAT(
      Read(Bytes({'{', 'i', 1, 'i', '[', 'i', 5, 'U', 200, 'I', 1, 0, 'L', 0, 0, 0, 0, 0, 0, 0, 9, 'T', 'F', ']', '}'})).ints,
      testing::ElementsAre(5, 200, 256, 9, 1, 0));
  EXPECT_THAT(
      Read(Bytes({'{', 'i', 1, 'f', '[', '#', 'i', 3, 'D', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 'i', 0xff, 'd', 0x40, 0, 0, 0, '}'}))
          .floats,
      testing::ElementsAre(1.5F, -1.0F, 2.0F));
}

TEST(UbjReader, BelievesNoCount) {
  const std::string huge = Bytes({'L', 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  const auto with = [](std::initializer_list<int> head, const std::string& tail) {
    return Bytes({'{', 'i', 1}) + Bytes(head) + tail;
  };
  EXPECT_THAT(Read(with({'i', '[', '$', 'l', '#'}, huge)).error, testing::HasSubstr("9223372036854775807 values announced"));
  EXPECT_THAT(Read(with({'i', '[', '#'}, huge)).error, testing::HasSubstr("values announced"));
  EXPECT_THAT(Read(with({'x', '[', '$', 'Z', '#'}, huge)).error, testing::HasSubstr("unknown or empty type"));
  EXPECT_THAT(Read(with({'x', '[', '$', 'l', ']'}, "")).error, testing::HasSubstr("has no count"));
  EXPECT_THAT(Read(with({'s', 'S'}, huge)).error, testing::HasSubstr("bytes announced"));
  EXPECT_THAT(Read(with({'s', 'S', 'i', 0xff}, "")).error, testing::HasSubstr("negative length"));
  EXPECT_THAT(Read(with({'i', '[', '$', 'd', '#', 'i', 1, 0, 0, 0, 0}, "")).error, testing::HasSubstr("does not fit"));
  EXPECT_THAT(Read(with({'n', 'S', 'i', 1, 'a'}, "}")).error, testing::HasSubstr("expected an integer"));
  EXPECT_THAT(Read(with({'x', 'q'}, "}")).error, testing::HasSubstr("unknown marker"));
  EXPECT_THAT(Read(with({'n', 'i', 1}, "}}")).error, testing::HasSubstr("after the end"));
  EXPECT_THAT(Read(with({'x'}, std::string(80, '['))).error, testing::HasSubstr("nested deeper than 64"));
}

}  // namespace
}  // namespace mlean::infer

// Golden cases of this room: lines of JSON in tests/golden/experiments, made by make_golden.py there.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "experiments/override.hpp"
#include "os/files.hpp"

namespace mlean::experiments {

inline std::vector<codec::Json> GoldenCases(const std::string& name) {
  const std::string path = std::string(MLEAN_SOURCE_DIR) + "/tests/golden/experiments/" + name;
  const Result<std::string> text = os::ReadFile(path);
  EXPECT_TRUE(text) << path;
  std::vector<codec::Json> cases;
  for (const std::string& line : Split(text ? *text : "", '\n')) {
    if (line.empty()) continue;
    Result<codec::Json> value = codec::Json::Parse(line, {.allow_nan = true});
    EXPECT_TRUE(value) << line << ": " << (value ? "" : value.error().what);
    if (value) cases.push_back(*std::move(value));
  }
  EXPECT_FALSE(cases.empty()) << path;
  return cases;
}

inline std::vector<std::string> Texts(const codec::Json& list) {
  std::vector<std::string> out;
  for (const codec::Json& item : list.AsArray()) out.push_back(item.AsString());
  return out;
}

inline std::vector<Override> Parsed(const codec::Json& lines) {
  std::vector<Override> out;
  for (const std::string& line : Texts(lines)) {
    Result<Override> one = Override::Parse(line);
    EXPECT_TRUE(one) << (one ? "" : one.error().what);
    if (one) out.push_back(*std::move(one));
  }
  return out;
}

}  // namespace mlean::experiments

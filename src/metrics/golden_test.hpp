// Golden cases of this room: lines of JSON in tests/golden/metrics, made by make_golden.py there.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "codec/json.hpp"

namespace mlean::metrics {

inline std::vector<codec::Json> GoldenCases(const std::string& name) {
  const std::string path = std::string(MLEAN_SOURCE_DIR) + "/tests/golden/metrics/" + name;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  EXPECT_TRUE(file != nullptr) << path;
  std::string text;
  char buffer[65536];
  for (std::size_t got = 0; file && (got = std::fread(buffer, 1, sizeof buffer, file.get())) > 0;) text.append(buffer, got);
  std::vector<codec::Json> cases;
  for (const std::string& line : Split(text, '\n')) {
    if (line.empty()) continue;
    Result<codec::Json> value = codec::Json::Parse(line, {.allow_nan = true});
    EXPECT_TRUE(value) << (value ? "" : value.error().what);
    if (value) cases.push_back(*std::move(value));
  }
  EXPECT_FALSE(cases.empty()) << path;
  return cases;
}

inline std::string Text(const codec::Json& value, std::string_view key) { return value.Find(key)->AsString(); }

inline std::vector<std::string> Texts(const codec::Json& list) {
  std::vector<std::string> out;
  for (const codec::Json& item : list.AsArray()) out.push_back(item.AsString());
  return out;
}

// What a run of the real tool printed, by its arguments: Run(case, "metrics diff --md").
inline const codec::Json* FindRun(const codec::Json& golden, const std::string& command) {
  for (const codec::Json& run : golden.Find("runs")->AsArray()) {
    if (Join(Texts(*run.Find("args")), " ") == command) return &run;
  }
  return nullptr;
}

inline std::string Out(const codec::Json& golden, const std::string& command) {
  const codec::Json* run = FindRun(golden, command);
  EXPECT_TRUE(run != nullptr) << command;
  return run == nullptr ? "" : Text(*run, "out");
}

inline std::string Unhex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

inline std::vector<std::string> SortedLines(const std::string& text) {
  std::vector<std::string> lines = Split(text, '\n');
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace mlean::metrics

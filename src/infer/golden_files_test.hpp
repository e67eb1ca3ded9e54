// Golden models: files made by the real xgboost packages, with the margins and outputs they predict (tests/golden/infer).
// For tests of this room only.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace mlean::infer {

inline std::filesystem::path GoldenFolder() { return std::filesystem::path(MLEAN_SOURCE_DIR) / "tests/golden/infer"; }

inline std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// All model files, sorted: .json and .ubj.
inline std::vector<std::filesystem::path> GoldenModels() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(GoldenFolder())) {
    if (entry.path().extension() == ".json" || entry.path().extension() == ".ubj") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct GoldenRow {
  std::vector<float> features, margins, outputs;
};

// The rows beside a model; empty when it has none.
inline std::vector<GoldenRow> GoldenRows(std::filesystem::path model) {
  std::vector<GoldenRow> rows;
  std::ifstream in(model.replace_extension(".txt"));
  for (std::string line; std::getline(in, line);) {
    GoldenRow& row = rows.emplace_back();
    std::vector<float>* lists[] = {&row.features, &row.margins, &row.outputs};
    std::size_t list = 0;
    for (std::size_t at = 0; at < line.size();) {
      if (line[at] == '|') ++list;
      if (line[at] == '|' || line[at] == ' ') {
        ++at;
        continue;
      }
      std::uint32_t bits = 0;
      std::from_chars(line.data() + at, line.data() + at + 8, bits, 16);
      lists[list]->push_back(std::bit_cast<float>(bits));
      at += 8;
    }
  }
  return rows;
}

}  // namespace mlean::infer

// Model files: any bytes give a forest that predicts, or an error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "infer/forest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::infer::Forest;
  const mlean::Result<Forest> forest =
      Forest::Parse({reinterpret_cast<const char*>(data), size}, "fuzz", {.use_best_iteration = size % 2 == 0});
  if (!forest) return 0;
  std::vector<float> rows(forest->features() * 3, 1.5F);
  for (std::size_t i = 0; i < forest->features(); ++i) {
    rows[i] = NAN;
    rows[forest->features() + i] = static_cast<float>(i) * 7 - 3;
  }
  std::vector<float> margins(forest->groups() * 3);
  forest->PredictMargins(rows, 3, margins);
  forest->ApplyLink(margins);
  return 0;
}

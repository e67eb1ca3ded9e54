// MLflow's filter strings and order_by clauses: any bytes.
#include <string_view>

#include "track/filter.hpp"

using namespace mlean::track;  // NOLINT: this file only

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static constexpr EntityWord kEntities[] = {
      {"metrics", Field::kMetric}, {"params", Field::kParam}, {"tags", Field::kTag}, {"dataset", Field::kDataset}};
  static constexpr AttributeWord kAttributes[] = {{.word = "run_id", .column = "run_id", .list = true},
                                                  {.word = "start_time", .column = "start_time", .number = true}};
  static constexpr Grammar kGrammar{kEntities, "[]", kAttributes, true, true, true};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(ParseFilter(text, kGrammar));
  static_cast<void>(ParseOrder(text, kGrammar));
  return 0;
}

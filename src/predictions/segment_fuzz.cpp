#include <cstddef>
#include <cstdint>

#include "predictions/segment.hpp"

// What is read can be written, and is read back the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::predictions;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  FindSummary(bytes);
  const auto parsed = ParseHeader(bytes);
  const Schema schema = parsed ? parsed->header.schema : Schema{{"a", "b"}, {"p"}};
  std::string again;
  const ScanResult scan = ScanRecords(bytes, parsed ? parsed->size : 0, schema, [&](const Record& record) {
    static_cast<void>(AppendRecord(again, record, schema));  // a damaged file may hold times that are not written
    return true;
  });
  CHECK_BUG(scan.sound <= size);
  const ScanResult twice = ScanRecords(again, 0, schema, [](const Record&) { return true; });
  CHECK_BUG(twice.sound == again.size());
  return 0;
}

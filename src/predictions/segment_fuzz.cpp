#include <cstddef>
#include <cstdint>
#include <cstring>

#include "predictions/checksum.hpp"
#include "predictions/segment.hpp"

namespace {

// Makes the checksum of each frame right, so that the fuzzer gets behind it.
std::string WithChecksums(std::string bytes) {
  std::size_t at = 8;
  while (bytes.size() >= at + 8) {
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data() + at, 4);
    if (size > bytes.size() - at - 8) break;
    const std::uint32_t crc = mlean::predictions::Crc32c(bytes.data() + at + 8, size);
    std::memcpy(bytes.data() + at + 4, &crc, 4);
    at += 8 + size;
  }
  return bytes;
}

}  // namespace

// Nothing is read outside of the bytes; what is read can be written, and is read back whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::predictions;
  const std::string bytes = WithChecksums({reinterpret_cast<const char*>(data), size});
  FindSummary(bytes);
  const auto parsed = ParseHeader(bytes);
  const Schema schema = parsed ? parsed->header.schema : Schema{{"a", "b"}, {"p"}};
  std::string again;
  const ScanResult scan = ScanRecords(bytes, parsed ? parsed->size : 0, schema, [&](const Record& record) {
    std::string one;
    if (AppendRecord(one, record, schema)) again += one;  // a foreign file may hold times that are not written
    return true;
  });
  CHECK_BUG(scan.sound <= size);
  const ScanResult twice = ScanRecords(again, 0, schema, [](const Record&) { return true; });
  CHECK_BUG(twice.sound == again.size());
  return 0;
}

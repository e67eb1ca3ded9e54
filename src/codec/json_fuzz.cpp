#include "codec/json.hpp"

// What parses must print, and what is printed must parse to the same value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::codec::Json;
  const mlean::codec::JsonParseOptions options{.max_depth = 64};
  const auto value = Json::Parse({reinterpret_cast<const char*>(data), size}, options);
  if (!value) return 0;
  const auto again = Json::Parse(value->Dump(), options);
  CHECK_BUG(again && *again == *value);
  const auto python = Json::Parse(value->DumpPython(true), options);
  CHECK_BUG(python && *python == *value);
  return 0;
}

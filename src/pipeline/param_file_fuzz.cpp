#include "pipeline/param_file.hpp"

// The first byte chooses the format. What is read can be compared and looked up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::pipeline;
  if (size == 0) return 0;
  static constexpr const char* kNames[] = {"p.toml", "p.py", "p.yaml", "p.json"};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto values = ParseParamText(text, kNames[data[0] % 4]);
  if (!values) return 0;
  (void)PythonEqual(*values, *values);
  if (values->IsObject()) {
    for (const auto& member : values->AsObject()) (void)FindParam(*values, member.first);
  }
  (void)values->Dump();
  return 0;
}

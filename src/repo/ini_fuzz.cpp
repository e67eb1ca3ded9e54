#include "repo/dvc_config.hpp"
#include "repo/ini.hpp"

// What parses is written as text that gives the same values (when it can be written at all), and the schema takes any values.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::repo;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto tree = ParseIni(text);
  if (!tree) return 0;
  if (const auto written = WriteIni(*tree)) {
    if (const auto again = ParseIni(*written)) CHECK_BUG(WriteIni(*again).ok());
  }
  (void)MergeConfig({{ConfigLevel::kRepo, "/r/.dvc/config", text}});
  return 0;
}

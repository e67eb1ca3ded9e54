#include <string_view>

#include "experiments/apply_override.hpp"
#include "experiments/param_text.hpp"

// An override, a zero byte, and a parameter file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean;
  const std::string_view all(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 8000));
  const std::size_t end = std::min(all.find('\0'), all.size());
  const std::string_view file = all.substr(std::min(end + 1, all.size()));
  const codec::Json params = *codec::Json::Parse(R"({"a":1,"b":{"c":[1,{"d":2}],"e":"x"},"l":[1,2]})");
  const Result<experiments::Override> parsed = experiments::Override::Parse(all.substr(0, end));
  if (!parsed || parsed->is_sweep) return 0;
  const Result<codec::Json> after = experiments::Apply(params, {*parsed});
  if (!after) return 0;
  // What Hydra writes of it means the same.
  if (parsed->has_value && !parsed->has_package) {
    const Result<experiments::Override> again = experiments::Override::Parse(parsed->Named() + "=" + parsed->values.front().text);
    if (again && !again->is_sweep) CHECK_BUG(again->key == parsed->key);
  }
  const Result<std::string> yaml = experiments::RewriteYaml(file, params, *after);
  const std::string toml = experiments::RewriteToml(file, params, *after);
  const std::string python = experiments::RewritePython(file, params, *after);
  return static_cast<int>((yaml ? yaml->size() : 0) + toml.size() + python.size()) < 0 ? 1 : 0;
}

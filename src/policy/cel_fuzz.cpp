// Compiles and evaluates any text; nothing may crash, hang or use unbounded memory.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::policy::Value;
  static const Value kRoot = Value::Object(
      {{"m", Value::Object({{"auc", 0.7}, {"n", 3}, {"s", "text"}})}, {"l", Value::ListOf({1, 2.5, "a", Value()})}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mlean::Result<mlean::policy::Program> program = mlean::policy::Program::Compile(text);
  if (!program) return 0;
  program->Decide(kRoot, {.max_steps = 5000, .max_string_bytes = 1 << 16, .max_elements = 5000});
  program->References();
  return 0;
}

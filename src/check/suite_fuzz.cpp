// Suites as users send them: parsing must end in a suite or an error, and a suite it accepts must survive writing and reading.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "check/sentence.hpp"
#include "check/suite.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto suite = mlean::check::ParseSuite(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!suite) return 0;
  for (const auto& expectation : suite->expectations) static_cast<void>(mlean::check::Sentence(expectation));
  const auto again = mlean::check::SuiteFromJson(mlean::check::SuiteJson(*suite));
  CHECK_BUG(again.ok());
  CHECK_BUG(again->expectations.size() == suite->expectations.size());
  return 0;
}

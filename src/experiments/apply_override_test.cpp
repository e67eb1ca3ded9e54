#include "experiments/apply_override.hpp"

#include "experiments/golden_test.hpp"

namespace mlean::experiments {
namespace {

TEST(ApplyOverride, GivesWhatHydraGives) {
  for (const codec::Json& golden : GoldenCases("apply.jsonl")) {
    const std::string context = golden.Find("overrides")->Dump();
    const Result<codec::Json> result = Apply(*golden.Find("params"), Parsed(*golden.Find("overrides")));
    if (golden.Find("crash") != nullptr) continue;  // faults of Hydra: anything but a crash of ours will do
    const codec::Json* const wanted = golden.Find("result");
    ASSERT_EQ(result.ok(), wanted != nullptr) << context << (result ? result->Dump() : result.error().what);
    if (wanted != nullptr) {
      EXPECT_EQ(result->DumpPython(), wanted->DumpPython()) << context;
    } else {
      const std::string cause = golden.Find("cause")->AsString();
      EXPECT_EQ(result.error().what, golden.Find("error")->AsString() + (cause.empty() ? "" : ": ") + cause) << context;
    }
  }
}

}  // namespace
}  // namespace mlean::experiments

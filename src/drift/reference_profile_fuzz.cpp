// DecodeProfile on arbitrary bytes: no crash, and what it takes it writes back to something it takes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "drift/dataset_drift.hpp"
#include "drift/reference_profile.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean;
  const auto profile = drift::DecodeProfile(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!profile) return 0;
  CHECK_BUG(drift::DecodeProfile(drift::EncodeProfile(*profile)).ok());
  (void)drift::CompareProfiles(*profile, *profile, {.threads = 1});
  return 0;
}

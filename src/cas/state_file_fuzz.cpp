// A damaged state file never does harm: what is taken of it was whole, and can be looked up and merged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "cas/state_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::cas::StateFile;
  std::size_t end = 0;
  const std::vector<StateFile::Run> runs = StateFile::Parse({reinterpret_cast<const char*>(data), size}, end);
  if (end > size) std::abort();
  std::vector<const StateFile::Run*> all;
  for (const StateFile::Run& run : runs) {
    if (run.empty()) std::abort();
    (void)StateFile::Find(run, run.front().key.path);
    all.push_back(&run);
  }
  (void)StateFile::Merge(all);
  return 0;
}

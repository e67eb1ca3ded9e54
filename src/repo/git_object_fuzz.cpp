#include "repo/git_object.hpp"

// Names are safe to join to a folder, and ids are ids.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::repo;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::size_t id_bytes : {std::size_t{20}, std::size_t{32}}) {
    const auto entries = ParseGitTree(bytes, id_bytes);
    if (!entries) continue;
    for (const GitEntry& entry : *entries) {
      CHECK_BUG(!entry.name.empty() && entry.name != "." && entry.name != ".." && entry.name.find('/') == entry.name.npos);
      CHECK_BUG(IsGitId(entry.id) && entry.id.size() == 2 * id_bytes);
    }
  }
  if (const auto head = ParseGitCommit(bytes)) {
    CHECK_BUG(IsGitId(head->tree));
    for (const std::string& parent : head->parents) CHECK_BUG(IsGitId(parent));
  }
  return 0;
}

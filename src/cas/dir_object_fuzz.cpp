// What is accepted as a .dir object stays in its folder, is written in DVC's form, and is read back as the same files.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "cas/dir_parser.hpp"
#include "cas/tree.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::cas::Tree;
  const mlean::Result<Tree> tree = Tree::Parse({reinterpret_cast<const char*>(data), size});
  if (!tree) return 0;
  for (const mlean::cas::TreeFile& file : *tree) {
    if (!mlean::cas::IsInsidePath(file.path)) std::abort();
  }
  const mlean::Result<Tree> again = Tree::Parse(tree->Body());
  if (!again || !(*again == *tree)) std::abort();
  return 0;
}

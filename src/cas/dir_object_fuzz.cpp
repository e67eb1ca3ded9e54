#include "cas/object_store.hpp"

// What is accepted can be written, and is read back as the same files.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = mlean::cas::ReadDirObject({reinterpret_cast<const char*>(data), size});
  if (!files) return 0;
  const auto again = mlean::cas::ReadDirObject(mlean::cas::WriteDirObject(*files));
  CHECK_BUG(again && again->size() == files->size());
  return 0;
}

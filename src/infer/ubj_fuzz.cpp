// UBJSON: every way to read a value, on any bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "infer/ubjson.hpp"

namespace {

void ReadAll(mlean::infer::UbjReader& reader, int depth) {
  using Type = mlean::infer::ModelReader::Type;
  std::vector<float> floats;
  std::vector<std::int32_t> ints;
  switch (reader.Peek()) {
    case Type::kObject: {
      reader.BeginObject();
      for (std::string_view key; reader.NextMember(key);) {
        if (key == "i") {
          reader.Ints(ints);
        } else if (key == "f") {
          reader.Floats(floats);
        } else if (key == "x" || depth > 40) {
          reader.Skip();
        } else {
          ReadAll(reader, depth + 1);
        }
      }
      return;
    }
    case Type::kArray:
      reader.BeginArray();
      while (reader.NextItem()) ReadAll(reader, depth + 1);
      return;
    case Type::kString: reader.String(); return;
    case Type::kNumber: reader.Int(); return;
    case Type::kBool: reader.Int(); return;
    case Type::kNull:
    case Type::kNothing: reader.Skip(); return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  mlean::infer::UbjReader all(bytes);
  ReadAll(all, 0);
  all.Finish();
  mlean::infer::UbjReader none(bytes);
  none.Skip();
  none.Finish();
  return 0;
}

#include "infer/model_reader.hpp"

#include "infer/json_reader.hpp"
#include "infer/ubjson.hpp"

namespace mlean::infer {

std::unique_ptr<ModelReader> OpenModelReader(std::string_view bytes) {
  // After '{' JSON has a blank, a quote or '}', UBJSON the marker of the key's length (or a header).
  const bool ubj = bytes.size() >= 2 && bytes[0] == '{' && std::string_view("iUIlL$#N").find(bytes[1]) != std::string_view::npos;
  if (ubj) return std::make_unique<UbjReader>(bytes);
  return std::make_unique<JsonReader>(bytes);
}

}  // namespace mlean::infer

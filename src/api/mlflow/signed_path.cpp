#include "api/mlflow/signed_path.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"

namespace mlean::api::mlflow {
namespace {

std::string NewKey() {
  std::string bytes(32, '\0');
  RandomBytes(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size());
  return bytes;
}

}  // namespace

std::string SignPath(std::string_view path, TimeMs until) {
  static const std::string key = NewKey();
  const std::string raw = HmacSha256(key, fmt::format("{}\n{}", until, path));
  return Hex(reinterpret_cast<const unsigned char*>(raw.data()), raw.size());
}

bool IsSigned(std::string_view path, TimeMs until, std::string_view signature) {
  return EqualInConstantTime(SignPath(path, until), signature);
}

}  // namespace mlean::api::mlflow

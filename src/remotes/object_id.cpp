#include "remotes/object_id.hpp"

#include "base/text.hpp"

namespace mlean::remotes {
namespace {

constexpr std::string_view kDirSuffix = ".dir";
constexpr std::string_view kLayout3 = "files/md5/";

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<ObjectId> ObjectId::Parse(std::string_view text, bool legacy) {
  ObjectId id;
  id.legacy = legacy;
  if (text.ends_with(kDirSuffix)) {
    id.is_dir = true;
    text.remove_suffix(kDirSuffix.size());
  }
  if (text.size() != 2 * id.md5.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.md5.size(); ++i) {
    const int high = HexValue(text[2 * i]);
    const int low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.md5[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return id;
}

std::string ObjectId::Name() const {
  std::string name = Hex(md5.data(), md5.size());
  if (is_dir) name += kDirSuffix;
  return name;
}

std::string ObjectId::Key() const {
  const std::string name = Name();
  std::string key;
  key.reserve(kLayout3.size() + name.size() + 1);
  if (!legacy) key = kLayout3;
  key.append(name, 0, 2);
  key += '/';
  key.append(name, 2);
  return key;
}

std::optional<ObjectId> ObjectOfKey(std::string_view key) {
  const bool legacy = !key.starts_with(kLayout3);
  if (!legacy) key.remove_prefix(kLayout3.size());
  if (key.size() < 3 || key[2] != '/') return std::nullopt;
  std::string name(key.substr(0, 2));
  name += key.substr(3);
  const std::optional<ObjectId> id = ObjectId::Parse(name, legacy);
  // Only keys that Key() makes: upper-case digits are somebody else's file.
  if (!id || id->Name() != name) return std::nullopt;
  return id;
}

}  // namespace mlean::remotes

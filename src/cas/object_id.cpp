#include "cas/object_id.hpp"

#include "base/text.hpp"

namespace mlean::cas {
namespace {

constexpr std::string_view kDirSuffix = ".dir";

// The value of a digit, -1 of what is none. A table: digits come at random, and a branch would be guessed wrong at every third.
constexpr std::array<std::int8_t, 256> kNibbles = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) values[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
  return values;
}();

}  // namespace

std::string HexOf(const Md5& md5) { return Hex(md5.data(), md5.size()); }

std::optional<Md5> ParseMd5(std::string_view hex) {
  Md5 md5;
  if (hex.size() != 2 * md5.size()) return std::nullopt;
  int wrong = 0;
  for (std::size_t i = 0; i < md5.size(); ++i) {
    const int high = kNibbles[static_cast<unsigned char>(hex[2 * i])];
    const int low = kNibbles[static_cast<unsigned char>(hex[2 * i + 1])];
    wrong |= high | low;
    md5[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (wrong < 0) return std::nullopt;
  return md5;
}

std::optional<ObjectId> ObjectId::Parse(std::string_view name, bool legacy) {
  ObjectId id;
  id.legacy = legacy;
  id.is_dir = name.ends_with(kDirSuffix);
  if (id.is_dir) name.remove_suffix(kDirSuffix.size());
  const std::optional<Md5> md5 = ParseMd5(name);
  if (!md5) return std::nullopt;
  id.md5 = *md5;
  return id;
}

std::string ObjectId::Name() const {
  std::string name = HexOf(md5);
  if (is_dir) name += kDirSuffix;
  return name;
}

std::string ObjectId::NameInLayout() const {
  std::string name = Name();
  name.insert(2, 1, '/');
  return name;
}

std::string ObjectId::Key() const { return (legacy ? "" : "files/md5/") + NameInLayout(); }

}  // namespace mlean::cas

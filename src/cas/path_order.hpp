// The order of paths in .dir objects, which is Python's: by code point, bytes outside UTF-8 as U+DC80..U+DCFF.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "codec/python_text.hpp"

namespace mlean::cas {

inline bool PathLess(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i + 8 <= common && std::memcmp(a.data() + i, b.data() + i, 8) == 0) i += 8;
  while (i < common && a[i] == b[i]) ++i;
  const bool a_ascii = i == a.size() || static_cast<unsigned char>(a[i]) < 0x80;
  const bool b_ascii = i == b.size() || static_cast<unsigned char>(b[i]) < 0x80;
  // An ASCII byte never lies within a character: what is in front of it is equal also as characters.
  if (!a_ascii || !b_ascii) return codec::PythonLess(a, b);
  if (i == b.size()) return false;
  return i == a.size() || a[i] < b[i];
}

}  // namespace mlean::cas

// Md5Hasher: md5 of many texts with one context, and DVC 2.x's variant that counts CRLF in text as LF. For one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "cas/object_id.hpp"

namespace mlean::cas {

constexpr std::size_t kHashBlock = std::size_t{1} << 20;

class Md5Hasher {
 public:
  Md5Hasher();
  Md5Hasher(Md5Hasher&&) noexcept;
  Md5Hasher& operator=(Md5Hasher&&) noexcept;
  ~Md5Hasher();

  void Update(std::string_view bytes);
  // The legacy variant: each block of kHashBlock bytes (the last one may be shorter) is judged by its first 512 bytes.
  void UpdateLegacy(std::string_view block);
  // The digest; afterwards the next text may begin.
  Md5 Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::vector<char> converted_;
};

Md5 Md5Of(std::string_view bytes);

// DVC's guess: no NUL, and at most 30 % of bytes that are no printable ASCII, white space or backspace.
bool LooksLikeText(std::string_view block);

}  // namespace mlean::cas

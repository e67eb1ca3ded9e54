// NameIndex: finds a name's position in a fixed list, without allocation. A flat table at most half full; a look-up is one hash
// of the text and mostly one comparison. Immutable, thread-safe. Internal to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace mlean::infer {

class NameIndex {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  NameIndex() = default;
  // Of equal names the first counts.
  explicit NameIndex(std::vector<std::string> names) : names_(std::move(names)) {
    std::size_t slots = 4;
    while (slots < names_.size() * 2) slots *= 2;
    slots_.assign(slots, 0);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::size_t at = Hash(names_[i]) & (slots - 1);
      while (slots_[at] != 0 && names_[slots_[at] - 1] != names_[i]) at = (at + 1) & (slots - 1);
      if (slots_[at] == 0) slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::size_t size() const { return names_.size(); }
  const std::string& operator[](std::size_t index) const { return names_[index]; }

  std::size_t Find(std::string_view name) const {
    if (names_.empty()) return kNone;
    for (std::size_t at = Hash(name) & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (names_[slots_[at] - 1] == name) return slots_[at] - 1;
    }
    return kNone;
  }

 private:
  static std::uint64_t Hash(std::string_view text) {
    std::uint64_t hash = text.size() * 0x9e3779b97f4a7c15U;
    while (text.size() >= 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data(), 8);
      hash = (hash ^ word) * 0xff51afd7ed558ccdU;
      hash ^= hash >> 32;
      text.remove_prefix(8);
    }
    std::uint64_t rest = 0;
    for (const char c : text) rest = rest << 8 | static_cast<unsigned char>(c);
    hash = (hash ^ rest) * 0xff51afd7ed558ccdU;
    return hash ^ (hash >> 32);
  }

  std::vector<std::string> names_;
  std::vector<std::uint32_t> slots_;  // index + 1; 0: free
};

}  // namespace mlean::infer

// The 64-bit keys by which HashState knows files: well mixed, not secret, stable only within one version of its file.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "cas/scanner.hpp"

namespace mlean::cas {

// The two halves of the 128-bit product, folded: every bit of the inputs reaches every bit of the result.
inline std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ 0x9E3779B97F4A7C15u) * (b ^ 0xD1B54A32D192ED03u);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t HashBytes(std::string_view text) {
  std::uint64_t hash = Mix(text.size(), 0x2545F4914F6CDD1Du);
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = Mix(hash ^ word, 0xA0761D6478BD642Fu);
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
  return Mix(hash ^ rest, 0xE7037ED1A0B428DBu);
}

// A path is hashed part by part, so that a walk of folders hashes only names: HashPath("a/b") = HashPart(HashPath("a"), "b").
inline std::uint64_t HashPart(std::uint64_t folder, std::string_view name) { return Mix(folder, HashBytes(name)); }
inline std::uint64_t HashWholePath(std::string_view path) {
  std::uint64_t hash = path.starts_with('/') ? 1 : 0;
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view part = path.substr(0, end);
    if (!part.empty() && part != ".") hash = HashPart(hash, part);
    path.remove_prefix(end == path.npos ? path.size() : end + 1);
  }
  return hash;
}

inline std::uint64_t HashFacts(std::uint64_t path, const FileFacts& facts) {
  std::uint64_t hash = Mix(path, facts.inode);
  hash = Mix(hash, facts.size);
  hash = Mix(hash, static_cast<std::uint64_t>(facts.mtime_ns));
  return Mix(hash, static_cast<std::uint64_t>(facts.ctime_ns));
}

}  // namespace mlean::cas

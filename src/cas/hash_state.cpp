#include "cas/hash_state.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "base/digest.hpp"

namespace mlean::cas {
namespace {

// File: the header, entries, and the md5 of all that. An entry is four 8-byte numbers, 16 bytes of md5, a 4-byte length and the
// path; numbers in the machine's order (the file never leaves the machine).
constexpr std::string_view kHeader = "mlean-hashes 1\n";
constexpr std::size_t kTrailer = 32;
constexpr std::size_t kMaxPath = 1 << 16;
constexpr std::int64_t kRacyMs = 2000;

template <class T>
void Append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
bool Take(std::string_view& text, T& value) {
  if (text.size() < sizeof value) return false;
  std::memcpy(&value, text.data(), sizeof value);
  text.remove_prefix(sizeof value);
  return true;
}

bool IsHexMd5(std::string_view text) { return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos; }
int Nibble(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

HashState::HashState(HashState&& other) noexcept
    : file_(std::move(other.file_)), entries_(std::move(other.entries_)), changed_(other.changed_) {}

Result<HashState> HashState::Open(const std::filesystem::path& file) {
  HashState state;
  state.file_ = file;
  if (!os::Exists(file)) return state;
  TRY(const std::string bytes, os::ReadFile(file));
  std::string_view text = bytes;
  if (text.size() < kHeader.size() + kTrailer || !text.starts_with(kHeader)) return state;
  const std::string_view body = text.substr(0, text.size() - kTrailer);
  if (Md5Hex(body) != text.substr(body.size())) return state;
  text = body.substr(kHeader.size());
  while (!text.empty()) {
    Entry entry;
    unsigned char digest[16];
    std::uint32_t length = 0;
    const bool whole = Take(text, entry.inode) && Take(text, entry.size) && Take(text, entry.mtime_ns) &&
                       Take(text, entry.ctime_ns) && Take(text, digest) && Take(text, length) && length <= kMaxPath &&
                       length <= text.size();
    if (!whole) {
      state.entries_.clear();
      return state;
    }
    for (const unsigned char byte : digest) entry.md5 += fmt::format("{:02x}", byte);
    state.entries_.emplace(text.substr(0, length), std::move(entry));
    text.remove_prefix(length);
  }
  return state;
}

std::optional<std::string> HashState::Find(const std::filesystem::path& path, const os::FileStat& stat) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(path.string());
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (entry.inode != stat.inode || entry.size != stat.size || entry.mtime_ns != stat.mtime_ns ||
      entry.ctime_ns != stat.ctime_ns) {
    return std::nullopt;
  }
  return entry.md5;
}

void HashState::Remember(const std::filesystem::path& path, const os::FileStat& stat, std::string_view md5, TimeMs now) {
  const TimeMs newest = std::max(stat.mtime_ns, stat.ctime_ns) / 1'000'000;
  std::string name = path.string();
  if (now - newest < kRacyMs || !IsHexMd5(md5) || name.size() > kMaxPath) return;
  const std::lock_guard lock(mutex_);
  entries_[std::move(name)] = {stat.inode, stat.size, stat.mtime_ns, stat.ctime_ns, std::string(md5)};
  changed_ = true;
}

Result<void> HashState::Save() {
  const std::lock_guard lock(mutex_);
  if (file_.empty() || !changed_) return {};
  std::string out(kHeader);
  for (const auto& [path, entry] : entries_) {
    Append(out, entry.inode);
    Append(out, entry.size);
    Append(out, entry.mtime_ns);
    Append(out, entry.ctime_ns);
    for (std::size_t i = 0; i < 32; i += 2) out += static_cast<char>(Nibble(entry.md5[i]) * 16 + Nibble(entry.md5[i + 1]));
    Append(out, static_cast<std::uint32_t>(path.size()));
    out += path;
  }
  out += Md5Hex(out);
  TRYV(os::WriteFileAtomic(file_, out, {.sync = false}));
  changed_ = false;
  return {};
}

std::size_t HashState::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace mlean::cas

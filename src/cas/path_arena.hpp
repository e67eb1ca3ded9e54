// PathArena: many short texts in few allocations; their addresses stay. For one thread while it grows.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace mlean::cas {

class PathArena {
 public:
  // A copy of `front` + `back`, ended by a NUL that does not count.
  std::string_view Add(std::string_view front, std::string_view back = {}) {
    const std::size_t size = front.size() + back.size();
    if (size + 1 > left_) Grow(size + 1);
    char* const at = next_;
    // An empty view may have no address.
    if (!front.empty()) std::memcpy(at, front.data(), front.size());
    if (!back.empty()) std::memcpy(at + front.size(), back.data(), back.size());
    at[size] = '\0';
    next_ += size + 1;
    left_ -= size + 1;
    return {at, size};
  }
  // Takes over the texts of another arena.
  void Absorb(PathArena&& other) {
    for (auto& chunk : other.chunks_) chunks_.push_back(std::move(chunk));
    other.chunks_.clear();
    other.left_ = 0;
  }
  // Keeps an arena alive that texts of this one's users lie in.
  void KeepAlive(std::shared_ptr<const PathArena> other) { others_.push_back(std::move(other)); }

 private:
  static constexpr std::size_t kLargest = std::size_t{1} << 18;

  void Grow(std::size_t least) {
    const std::size_t size = std::max(least, chunk_size_);
    chunk_size_ = std::min(kLargest, 2 * chunk_size_);
    chunks_.emplace_back(new char[size]);
    next_ = chunks_.back().get();
    left_ = size;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<std::shared_ptr<const PathArena>> others_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t chunk_size_ = 1024;
};

}  // namespace mlean::cas

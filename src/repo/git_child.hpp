// Inside of the repo room: a `git cat-file --batch` that runs as long as this object. It ends by itself when we do, however we
// end.
//
// One thread at a time. Waits for an answer for a minute at most: a partial clone may fetch what it lacks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::repo {

struct GitObject {
  std::string id;    // hex
  std::string type;  // "commit", "tree", "blob", "tag"
  std::string bytes;
};

class GitChild {
 public:
  static Result<GitChild> Start(const std::filesystem::path& dir);
  GitChild(GitChild&& other) noexcept;
  GitChild& operator=(GitChild&& other) noexcept;
  ~GitChild();

  // The object of a name as gitrevisions(7) has them, without newlines. nullopt: there is none; kInvalid "ambiguous Git revision
  // 'x'" (for "x^{commit}"). kTooLarge over `max_bytes`. After any error but kInvalid the child is of no more use.
  Result<std::optional<GitObject>> Get(std::string_view name, std::uint64_t max_bytes);

 private:
  GitChild() = default;
  void Stop() noexcept;
  Result<void> Send(std::string_view bytes);
  // More bytes at the end of `buffer_`.
  Result<void> Fill();
  // Exactly so many bytes, taken out of the buffer.
  Result<std::string> Take(std::size_t size);
  // The child's end, with what it last said.
  Error Ended() const;

  std::string dir_;
  pid_t pid_ = -1;
  int socket_ = -1;  // its stdin and stdout
  int log_ = -1;     // its stderr: a file in memory
  std::string buffer_;
  std::size_t at_ = 0;  // where the unread part of buffer_ begins
};

}  // namespace mlean::repo

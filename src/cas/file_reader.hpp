// FileReader: reads one file after the other in blocks, with the buffer and the md5 context of one thread, and tells whether the
// file stayed the same meanwhile. For one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "cas/hash_state.hpp"
#include "cas/md5.hpp"
#include "cas/scanner.hpp"
#include "cas/work.hpp"

namespace mlean::cas {

struct HashedFile {
  Md5 md5{};
  FileFacts facts;
  bool is_settled = false;  // it stayed the same and was old enough: HashState may remember it
  bool is_made = false;     // its inode has been changed by this process, not its bytes
};

class FileReader {
 public:
  // `state` (null: none) gives the clock.
  explicit FileReader(const HashState* state) : state_(state) {}
  FileReader(FileReader&& other) noexcept;
  FileReader& operator=(FileReader&&) = delete;
  ~FileReader();

  // Opens `path` relative to the folder `at`, which is called `folder` in errors (AT_FDCWD and ""; both outlive the reading).
  // Links are followed. kInvalid for what is no regular file; does not wait for pipes.
  Result<void> Open(int at, const std::filesystem::path& folder, const char* path);
  std::filesystem::path shown() const { return *folder_ / path_; }
  int fd() const { return fd_; }
  int at() const { return at_; }
  const std::filesystem::path& folder() const { return *folder_; }
  const char* path() const { return path_; }
  const FileFacts& facts() const { return facts_; }  // when it was opened
  // The next kHashBlock bytes, fewer only at the end; "" after it. Valid until the next call. The first call takes a small file
  // whole.
  Result<std::string_view> Next();
  bool AtEnd() const { return at_end_; }
  // Whether the file is still as it was when it was opened.
  bool IsUnchanged() const;
  // Whether IsUnchanged would see every change since it was opened. False without a state, which knows the time.
  bool WouldShowChanges() const { return state_ != nullptr && HashState::IsSettled(facts_, moment_); }
  // What is known after all was read.
  HashedFile Finish(const Md5& md5);
  // The same after the file got another link or mode.
  HashedFile FinishMade(const Md5& md5);

  Md5Hasher& hasher() { return hasher_; }
  void Update(std::string_view block, bool legacy) { legacy ? hasher_.UpdateLegacy(block) : hasher_.Update(block); }
  // All of it, from Open to Finish.
  Result<HashedFile> Hash(int at, const std::filesystem::path& folder, const char* path, bool legacy, const Work& work);

 private:
  void Close();
  void LookAtClock();

  const HashState* state_;
  HashState::Moment moment_;
  std::uint64_t bytes_since_moment_ = 0;
  Md5Hasher hasher_;
  std::unique_ptr<char[]> buffer_;
  int at_ = -1;
  const std::filesystem::path* folder_ = nullptr;
  const char* path_ = nullptr;
  int fd_ = -1;
  FileFacts facts_;
  std::uint64_t read_ = 0;
  bool at_end_ = false;
};

}  // namespace mlean::cas

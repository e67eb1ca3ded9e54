// FileHasher: the SHA-256 of a file that somebody is writing from its start to its end, by a thread of its own that follows the
// writer through the kernel's cache. For large bodies: receiving and hashing take about the same time, and so go on at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "net/opened_file.hpp"

namespace mlean::net {

class FileHasher {
 public:
  // Null when as many as are of use run already: then the writer hashes by itself.
  static std::unique_ptr<FileHasher> Follow(int fd);
  ~FileHasher();  // gives up what is not done
  FileHasher(const FileHasher&) = delete;
  FileHasher& operator=(const FileHasher&) = delete;

  // So many bytes are in the file.
  void Written(std::uint64_t size);
  // Nothing more is written: waits for the thread. In hex; empty when the file could not be read.
  std::string Finish();

 private:
  explicit FileHasher(OpenedFile file);
  void Run();
  std::uint64_t WaitBeyond(std::uint64_t done);

  const OpenedFile file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t written_ = 0;  // guarded by mutex_, as these
  bool complete_ = false;
  bool given_up_ = false;
  std::string digest_;  // of the thread until it is joined
  std::thread thread_;
};

}  // namespace mlean::net

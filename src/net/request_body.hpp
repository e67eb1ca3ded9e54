// RequestBody: collects the body of one request, in memory or, when it is to be spooled and large, in a file. Used by one
// connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "net/file_hasher.hpp"

namespace mlean::net {

class RequestBody {
 public:
  enum class Outcome : std::uint8_t { kOk, kTooLarge, kIo };  // kIo: see cause()
  static constexpr std::size_t kSpoolOver = 256 * 1024;       // smaller bodies stay in memory

  RequestBody() = default;
  ~RequestBody() { Reset(); }
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  // Starts a body of at most `limit` bytes; `spool_dir` empty: always in memory. `expected` is Content-Length when known: memory
  // is reserved as bytes arrive, not on the word of the sender.
  void Begin(std::uint64_t limit, std::string_view spool_dir, std::uint64_t expected);
  // A body that is spooled is hashed as it comes, a large one by a thread of its own. For the body that began last.
  void Hash() { hash_ = true; }
  Outcome Append(std::string_view piece);
  // That many more bytes are within the limit.
  bool Fits(std::uint64_t bytes) const { return size_ <= limit_ && bytes <= limit_ - size_; }
  // After the last piece: closes the file.
  Outcome Finish();
  // Replaces the body by its decompressed text (Content-Encoding). Not for spooled bodies. kIo: it does not decompress.
  Outcome Inflate(std::string_view encoding);
  // Forgets the body; a file that nobody renamed away is removed.
  void Reset();

  // The body begins and ends in the connection's own buffer: no copy is made.
  void Borrow(std::string_view text, std::uint64_t limit) { borrowed_ = text, limit_ = limit; }

  std::string_view text() const { return borrowed_.data() != nullptr ? borrowed_ : std::string_view(memory_); }
  std::string_view file() const { return file_; }
  // Why the last kIo of the file was: "No space left on device".
  std::string cause() const;
  // After Finish(): of a spooled body that was to be hashed, in hex; else empty, also when the file cannot be read. May wait.
  std::string_view Sha256();
  std::uint64_t size() const { return size_; }

 private:
  Outcome OpenFile();
  Outcome WriteFile(std::string_view piece);
  Outcome Failed();  // by errno

  std::string_view borrowed_;
  std::string memory_;
  std::string spool_dir_;
  std::string file_;
  int fd_ = -1;
  int errno_ = 0;
  bool hash_ = false;
  std::optional<Hasher> hasher_;
  std::unique_ptr<FileHasher> file_hasher_;  // in its place for a large body
  std::uint64_t expected_ = 0;
  std::uint64_t written_ = 0;
  std::string sha256_;
  std::uint64_t limit_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace mlean::net

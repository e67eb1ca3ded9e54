// Inside of the remotes room: packets of SFTP version 3 (draft-ietf-secsh-filexfer-02). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::remotes::sftp {

enum class Type : std::uint8_t {
  kInit = 1,
  kVersion = 2,
  kOpen = 3,
  kClose = 4,
  kRead = 5,
  kWrite = 6,
  kOpenDir = 11,
  kReadDir = 12,
  kRemove = 13,
  kMakeDir = 14,
  kStat = 17,
  kRename = 18,
  kStatus = 101,
  kHandle = 102,
  kData = 103,
  kName = 104,
  kAttrs = 105,
  kExtended = 200,
};

enum class Status : std::uint32_t { kOk = 0, kEof = 1, kNoSuchFile = 2, kPermissionDenied = 3, kFailure = 4, kUnsupported = 8 };

constexpr std::uint32_t kOpenRead = 1;
constexpr std::uint32_t kOpenWrite = 2;
constexpr std::uint32_t kOpenCreate = 8;
constexpr std::uint32_t kOpenExclusive = 32;

// Builds the payload of a request: what follows type and id.
class Payload {
 public:
  Payload& U32(std::uint32_t value);
  Payload& U64(std::uint64_t value);
  Payload& Text(std::string_view text);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A whole packet with length, type and id.
std::string Packet(Type type, std::uint32_t id, std::string_view payload);

struct Attributes {
  std::uint64_t size = 0;
  std::uint32_t mode = 0;   // 0: not told
  std::uint32_t mtime = 0;  // seconds since 1970; 0: not told
  bool IsDir() const { return (mode & 0170000) == 0040000; }
  bool IsFile() const { return (mode & 0170000) == 0100000; }
};

struct Name {
  std::string name;
  Attributes attributes;
};

// A packet that came, without its length. One of the members is filled, by its type. kCorrupt for anything that breaks the rules.
struct Reply {
  Type type = Type::kStatus;
  std::uint32_t id = 0;
  Status status = Status::kOk;
  std::string text;  // of a status its message; the handle; the data
  Attributes attributes;
  std::vector<Name> names;
};
Result<Reply> ReadReply(std::string packet);

// The extensions in a kVersion packet (without its length), as "name=value".
Result<std::vector<std::string>> ReadVersion(std::string_view packet);

}  // namespace mlean::remotes::sftp

#include "remotes/sftp_wire.hpp"

#include <fmt/core.h>

namespace mlean::remotes::sftp {
namespace {

constexpr std::uint32_t kHasSize = 1;
constexpr std::uint32_t kHasOwner = 2;
constexpr std::uint32_t kHasMode = 4;
constexpr std::uint32_t kHasTimes = 8;
constexpr std::uint32_t kHasExtended = 0x80000000;

// Reads to the end of a packet; after a step too far ok() is false and everything reads as nothing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool AtEnd() const { return rest_.empty(); }
  std::uint8_t U8() { return static_cast<std::uint8_t>(Number(1)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Number(4)); }
  std::uint64_t U64() { return Number(8); }
  std::string_view Text() { return Take(U32()); }
  Attributes Attrs() {
    Attributes attributes;
    const std::uint32_t flags = U32();
    if ((flags & kHasSize) != 0) attributes.size = U64();
    if ((flags & kHasOwner) != 0) U64();
    if ((flags & kHasMode) != 0) attributes.mode = U32();
    if ((flags & kHasTimes) != 0) {
      U32();
      attributes.mtime = U32();
    }
    if ((flags & kHasExtended) != 0) {
      for (std::uint32_t left = U32(); left > 0 && ok_; --left) {
        Text();
        Text();
      }
    }
    return attributes;
  }

 private:
  std::string_view Take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t Number(std::size_t size) {
    std::uint64_t number = 0;
    for (const char c : Take(size)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
  }
  std::string_view rest_;
  bool ok_ = true;
};

Error Bad() { return Fail(Code::kCorrupt, "cannot read the SFTP server's answer: it breaks the protocol"); }

}  // namespace

Payload& Payload::U32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift & 0xff);
  return *this;
}

Payload& Payload::U64(std::uint64_t value) {
  return U32(static_cast<std::uint32_t>(value >> 32)).U32(static_cast<std::uint32_t>(value));
}

Payload& Payload::Text(std::string_view text) {
  U32(static_cast<std::uint32_t>(text.size()));
  bytes_ += text;
  return *this;
}

std::string Packet(Type type, std::uint32_t id, std::string_view payload) {
  Payload head;
  head.U32(static_cast<std::uint32_t>(payload.size() + 5));
  std::string packet = head.bytes();
  packet.reserve(payload.size() + 9);
  packet += static_cast<char>(type);
  Payload number;
  packet += number.U32(id).bytes();
  packet += payload;
  return packet;
}

Result<Reply> ReadReply(std::string packet) {
  Reader in(packet);
  Reply reply;
  reply.type = static_cast<Type>(in.U8());
  reply.id = in.U32();
  switch (reply.type) {
    case Type::kStatus:
      reply.status = static_cast<Status>(in.U32());
      if (!in.AtEnd()) reply.text = in.Text();  // version 3 has it; some servers leave it out
      break;
    case Type::kHandle: reply.text = in.Text(); break;
    case Type::kData: {
      const std::string_view data = in.Text();
      if (!in.ok() || !in.AtEnd()) return Bad();
      packet.erase(0, packet.size() - data.size());  // the data are the end of the packet
      reply.text = std::move(packet);
      return reply;
    }
    case Type::kAttrs: reply.attributes = in.Attrs(); break;
    case Type::kName:
      for (std::uint32_t left = in.U32(); left > 0 && in.ok(); --left) {
        Name name;
        name.name = in.Text();
        in.Text();  // the long form, for people
        name.attributes = in.Attrs();
        if (in.ok()) reply.names.push_back(std::move(name));
      }
      break;
    default: return Bad();
  }
  if (!in.ok()) return Bad();
  return reply;
}

Result<std::vector<std::string>> ReadVersion(std::string_view packet) {
  Reader in(packet);
  std::vector<std::string> extensions;
  if (in.U8() != static_cast<std::uint8_t>(Type::kVersion) || in.U32() < 3 || !in.ok()) return Bad();
  while (!in.AtEnd() && in.ok()) {
    std::string pair(in.Text());
    pair += '=';
    pair += in.Text();
    extensions.push_back(std::move(pair));
  }
  if (!in.ok()) return Bad();
  return extensions;
}

}  // namespace mlean::remotes::sftp

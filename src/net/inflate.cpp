#include "net/inflate.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/crc.hpp>

#include "net/message.hpp"

namespace mlean::net {
namespace {

namespace zlib = boost::beast::zlib;

Error Bad(std::string_view cause) { return Fail(Code::kInvalid, "cannot decompress body: " + std::string(cause)); }

std::uint32_t LittleEndian32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

std::uint32_t Adler32(std::string_view text) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  while (!text.empty()) {
    const std::string_view run = text.substr(0, 5552);  // the most that cannot overflow 32 bits between reductions
    for (const char c : run) b += a += static_cast<unsigned char>(c);
    a %= 65521, b %= 65521;
    text.remove_prefix(run.size());
  }
  return b << 16 | a;
}

// Raw deflate; leaves what follows it in `data`.
Result<std::string> InflateRaw(std::string_view& data, std::uint64_t limit) {
  zlib::inflate_stream stream;
  zlib::z_params params;
  params.next_in = data.data();
  params.avail_in = data.size();
  std::string out;
  std::array<char, 32 * 1024> piece;
  for (;;) {
    params.next_out = piece.data();
    params.avail_out = piece.size();
    boost::system::error_code error;
    stream.write(params, zlib::Flush::sync, error);
    const std::size_t made = piece.size() - params.avail_out;
    if (made > limit - out.size())
      return Fail(Code::kTooLarge, "cannot decompress body: over " + std::to_string(limit) + " bytes");
    out.append(piece.data(), made);
    if (error == zlib::error::end_of_stream) break;
    if (error) return Bad(error == zlib::error::need_buffers ? "it is cut off" : error.message());
    if (made == 0 && params.avail_in == 0) return Bad("it is cut off");
  }
  data.remove_prefix(data.size() - params.avail_in);
  return out;
}

// Removes the gzip member header (RFC 1952, 2.3); false when malformed.
bool SkipGzipHeader(std::string_view& data) {
  constexpr unsigned kExtra = 4, kName = 8, kComment = 16, kHeaderCrc = 2, kReserved = 0xe0;
  if (data.size() < 10 || !data.starts_with("\x1f\x8b\x08")) return false;
  const unsigned flags = static_cast<unsigned char>(data[3]);
  if (flags & kReserved) return false;
  std::size_t at = 10;
  if (flags & kExtra) {
    if (data.size() < at + 2) return false;
    at += 2 + static_cast<unsigned char>(data[at]) + 256u * static_cast<unsigned char>(data[at + 1]);
  }
  for (const unsigned field : {kName, kComment}) {
    if (!(flags & field)) continue;
    const std::size_t end = data.find('\0', at);
    if (end == std::string_view::npos) return false;
    at = end + 1;
  }
  if (flags & kHeaderCrc) at += 2;
  if (at > data.size()) return false;
  data.remove_prefix(at);
  return true;
}

Result<std::string> Gunzip(std::string_view data, std::uint64_t limit) {
  std::string all;
  do {  // members may follow each other
    if (!SkipGzipHeader(data)) return Bad("it has no gzip header");
    TRY(const std::string text, InflateRaw(data, limit - all.size()));
    if (data.size() < 8) return Bad("it is cut off");
    boost::crc_32_type crc;
    crc.process_bytes(text.data(), text.size());
    if (LittleEndian32(data) != crc.checksum() || LittleEndian32(data.substr(4)) != static_cast<std::uint32_t>(text.size())) {
      return Bad("its checksum does not match");
    }
    data.remove_prefix(8);
    all += text;
  } while (!data.empty());
  return all;
}

Result<std::string> InflateDeflate(std::string_view data, std::uint64_t limit) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(data[i])); };
  const bool has_header = data.size() >= 2 && (byte(0) & 15) == 8 && (byte(0) * 256 + byte(1)) % 31 == 0 && !(byte(1) & 32);
  if (!has_header) return InflateRaw(data, limit);
  data.remove_prefix(2);
  TRY(std::string text, InflateRaw(data, limit));
  if (data.size() != 4) return Bad("it is cut off");
  if ((byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3)) != Adler32(text)) return Bad("its checksum does not match");
  return text;
}

}  // namespace

bool CanInflate(std::string_view encoding) {
  return EqualNoCase(encoding, "gzip") || EqualNoCase(encoding, "x-gzip") || EqualNoCase(encoding, "deflate");
}

Result<std::string> Inflate(std::string_view encoding, std::string_view data, std::uint64_t limit) {
  if (!CanInflate(encoding)) {
    return Fail(Code::kUnsupported, "cannot decompress body: unknown encoding '" + std::string(encoding) + "'");
  }
  return EqualNoCase(encoding, "deflate") ? InflateDeflate(data, limit) : Gunzip(data, limit);
}

}  // namespace mlean::net

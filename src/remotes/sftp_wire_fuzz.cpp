// Packets of an SFTP server: any bytes give a reply or an error, and what a reply holds came from the packet.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "remotes/sftp_wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::remotes::sftp;
  const std::string packet(reinterpret_cast<const char*>(data), size);
  const auto reply = ReadReply(packet);
  if (reply) {
    std::size_t held = reply->text.size();
    for (const Name& name : reply->names) held += name.name.size();
    if (held > size || reply->names.size() > size) std::abort();
  }
  const auto extensions = ReadVersion(packet);
  if (extensions && extensions->size() > size) std::abort();
  return 0;
}

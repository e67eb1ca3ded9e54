// The XML answers of stores: listings of S3 and WebDAV, and errors. Names of a WebDAV listing never leave their folder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "remotes/s3_client.hpp"
#include "remotes/webdav.hpp"
#include "remotes/xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::remotes;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto page = ReadS3Page(body);
  if (page && page->files.size() > size) std::abort();
  if (const auto entries = ReadDavListing(body, "http://h/dav/")) {
    for (const DavEntry& entry : *entries) {
      if (entry.name.empty() || entry.name == ".." || entry.name.find('/') != std::string::npos) std::abort();
    }
  }
  if (const auto error = ReadXmlError(body); error && (error->code.empty() || error->message.size() > 300)) std::abort();
  return 0;
}

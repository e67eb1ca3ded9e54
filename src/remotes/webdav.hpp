// Inside of the remotes room: reading a WebDAV listing (207 Multi-Status, RFC 4918).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::remotes {

struct DavEntry {
  std::string name;  // decoded, one part
  std::uint64_t size = 0;
  bool is_dir = false;
};
// What stands directly in the folder at `folder_url` (with '/' at its end); names that leave it are dropped.
Result<std::vector<DavEntry>> ReadDavListing(std::string_view body, std::string_view folder_url);

}  // namespace mlean::remotes

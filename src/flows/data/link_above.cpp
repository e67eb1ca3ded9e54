#include "flows/data/link_above.hpp"

#include <filesystem>
#include <system_error>

namespace mlean::flows {

std::string LinkAbove(const pipeline::Place& place, const std::string& location) {
  std::error_code ignored;
  for (std::string at = pipeline::FolderOf(location); at != "."; at = pipeline::FolderOf(at)) {
    if (std::filesystem::is_symlink(place.Disk(at), ignored)) return at;
  }
  return {};
}

}  // namespace mlean::flows

// Where the files of a run or a logged model are, below the location of its experiment.
#pragma once

#include <string>
#include <string_view>

namespace mlean::track {

// One slash between them, also when `location` ends with one, as for MLflow.
inline std::string BelowLocation(std::string_view location, std::string_view path) {
  while (location.size() > 1 && location.ends_with('/')) location.remove_suffix(1);
  return std::string(location) + "/" + std::string(path);
}

}  // namespace mlean::track

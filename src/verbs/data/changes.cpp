#include "verbs/data/changes.hpp"

#include <fmt/core.h>

#include <utility>

#include "verbs/verb.hpp"

namespace mlean::verbs {

void PrintChanges(const flows::CheckoutReport& report) {
  const std::pair<char, const std::vector<std::string>*> groups[] = {
      {'M', &report.modified}, {'A', &report.added}, {'D', &report.deleted}};
  for (const auto& [letter, paths] : groups) {
    for (const std::string& path : *paths) PrintLine(fmt::format("{}       {}", letter, path));
  }
}

}  // namespace mlean::verbs

// What `dvc get-url` and `dvc ls-url` do: bring or list what a url holds, without tracking it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flows/data/url_source.hpp"
#include "metrics/report_list.hpp"

namespace mlean::flows {

// With the configuration of the project around the request's directory, if there is one, or the user's.
Result<std::unique_ptr<UrlSource>> OpenUrlSource(const UrlRequest& request);

// kNotFound "The path 'URL' does not exist"; kExists as ResolveOutput (get.hpp).
Result<void> GetUrl(const UrlRequest& request, const std::string& out, bool force, const cas::Work& work);

struct ListUrlRequest {
  bool recursive = false;
  std::optional<std::int64_t> level;
};
Result<std::vector<metrics::ListEntry>> ListUrl(const UrlRequest& request, const ListUrlRequest& wanted);
Result<metrics::ListEntry> ListUrlTree(const UrlRequest& request, const ListUrlRequest& wanted);

}  // namespace mlean::flows

// Inside of the repo room: DVC's closed schema of its config, with the error texts of the library that checks it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::repo {

// The sections of the schema in DVC's order: "core", "cache", "remote" …
const std::vector<std::string_view>& ConfigSections();

// The checked configuration: values typed, defaults filled in. `warnings` gets what DVC logs about unknown "feature" options.
// Errors: ConfigFailure "expected int for dictionary value @ data['core']['checksum_jobs']" for the first fault in the order of
// `merged`.
Result<codec::Json> CheckConfig(const codec::Json& merged, std::vector<std::string>* warnings);

// One remote's options (with "url"), as checked when it is used: paths in errors begin at the option.
Result<codec::Json> CheckRemote(const codec::Json& options);

struct UrlParts {
  std::string scheme;  // lower case
  std::string host;    // "user@host:port" as written
  std::string path;
};
// Python's urlparse, as far as needed. kInvalid "Invalid IPv6 URL".
Result<UrlParts> ParseUrl(std::string_view url);

}  // namespace mlean::repo

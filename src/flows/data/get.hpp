// GetFile: what `dvc get` does: brings a file or folder of another repository here, without tracking it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "flows/data/external_repo.hpp"

namespace mlean::flows {

// Where something called `source` (a path or url) goes: `out` as typed, in it when it is a folder, else the working directory by
// its own name; as typed or made so. kExists with DVC's text "The file 'x' already exists locally. \nTo override it, re-run with
// '--force'." unless `force`.
Result<std::string> ResolveOutput(std::string_view source, const std::string& out, const std::filesystem::path& directory,
                                  bool force);

struct GetRequest {
  ExternalRequest from;
  std::string out;  // as typed; "" for the source's name
  bool force = false;
};
// kInvalid "the given path is a DVC file, you must specify a data file or a directory"; "unexpected error - ['x']" for a path
// that is not there.
Result<void> GetFile(GetRequest request);

}  // namespace mlean::flows

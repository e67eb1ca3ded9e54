// TransferUrl: brings a file or folder from a url straight to the objects of a remote (`--to-remote`): neither the workspace nor
// the cache get it, and the disk needs room for the files under way only.
//
//   TRY(const std::unique_ptr<UrlSource> from, UrlSource::Open(...));
//   TRY(const pipeline::Content content, TransferUrl(repository, *from, {.remote = "store", .command = "add"}));
#pragma once

#include <string>

#include "flows/data/repository.hpp"
#include "flows/data/url_source.hpp"
#include "pipeline/stage.hpp"

namespace mlean::flows {

struct TransferUrlOptions {
  std::string remote;   // its name; "": the default one
  std::string command;  // for the text of a missing default remote
  int jobs = 0;         // files under way at once; 0: as many as suit both stores
};

// What was brought, as a .dvc file tells it. Files go first, the folder's object last; what the remote has is not sent again.
// kNotFound with DVC's text when there is nothing at a path.
Result<pipeline::Content> TransferUrl(Repository& repository, UrlSource& from, const TransferUrlOptions& options);

}  // namespace mlean::flows

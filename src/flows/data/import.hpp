// ImportData: what `dvc import` and `dvc import-url` do: bring data of another repository, or of a url, into the project and
// track it together with where it came from.
#pragma once

#include <string>

#include "codec/json.hpp"
#include "flows/data/import_source.hpp"
#include "flows/data/repository.hpp"
#include "flows/data/transfer_url.hpp"
#include "pipeline/objects.hpp"
#include "pipeline/stage.hpp"

namespace mlean::flows {

struct ImportRequest {
  std::string url;  // of the data; with `repository_url`: the path in it
  std::string out;  // as typed; "": the source's own name
  bool force = false;
  bool no_exec = false;      // write the .dvc file only
  bool no_download = false;  // and find out what there is
  bool to_remote = false;    // bring it to the remote, not here
  std::string remote;        // with to_remote: its name
  int jobs = 0;              // with to_remote: files under way at once
  // --fs-config of a url.
  codec::Json fs_config;
  // Of another repository.
  bool from_repository = false;
  std::string repository_url;
  std::string revision;
  std::string config;       // file
  std::string repo_remote;  // its default remote
  codec::Json remote_config = codec::Json::Object{};
};

// Errors with DVC's texts, without what its commands put in front.
Result<void> ImportData(Repository& repository, const ImportRequest& request);

// Brings the data of an import here and records it in the stage (not in its file): DVC's `stage.run`. `no_download`: only finds
// out which version there is. `folder_at_hand`: as BringImport's.
Result<void> RunImport(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage, bool no_download,
                       const AtHand& folder_at_hand = {});
// Brings it to a remote instead, and records that.
Result<void> TransferImport(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage,
                            const TransferUrlOptions& options);

}  // namespace mlean::flows

// Push: what `dvc push` does: sends to the remotes what they lack of the objects that the stages use, a folder's .dir after all
// its files. What a remote has is asked of the remote itself, each time.
#pragma once

#include "flows/data/move_objects.hpp"

namespace mlean::flows {

struct PushRequest {
  MoveOptions move;
  bool repair = false;  // look for the files of folders whose .dir the remote has already
};

// Objects that failed are in the summary, all others were tried. Errors, with DVC's texts: remotes and targets that do not exist;
// "unexpected error - …" where DVC ends with 255 (a remote that refuses or cannot be reached, but HTTP).
Result<MoveSummary> PushData(Repository& repository, const PushRequest& request);

}  // namespace mlean::flows

// The running server of a project, as other processes find it: .mlean/server.json names its URL and process.
#pragma once

#include <optional>
#include <string>

#include "flows/workspace.hpp"

namespace mlean::flows {

// Nothing when no server runs (or it died: the file of a dead process counts as none).
std::optional<std::string> ServerUrl(const Workspace& workspace);
// Asks the server to bring serving in step with the registry and waits for it; without a server it does nothing. What fails is
// logged: the server follows by itself within a tenth of a second.
void SyncServer(const Workspace& workspace);

}  // namespace mlean::flows

// The running server of a project, as other processes find it: .mlean/server.json names its URL and process.
#pragma once

#include <optional>
#include <string>

#include "flows/workspace.hpp"

namespace mlean::flows {

// For the server, once it answers. `token`: what a command beside it shows to be let in; only its owner can read the file.
Result<void> WriteServerFile(const Workspace& workspace, const std::string& url, const std::string& token);
// When it ends. The file of another server of the same project, which was started later, stays.
Result<void> RemoveServerFile(const Workspace& workspace);
// Nothing when no server runs (or it died: the file of a dead process counts as none).
std::optional<std::string> ServerUrl(const Workspace& workspace);
// Asks the server to bring serving in step with the registry and waits for it; without a server it does nothing. What fails is
// logged: the server follows by itself within a tenth of a second.
void SyncServer(const Workspace& workspace);

}  // namespace mlean::flows

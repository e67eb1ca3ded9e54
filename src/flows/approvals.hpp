// Approvals: who has approved a version. Kept as version tags "mlean.approval.NAME" = digest of the model file that was approved.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flows/workspace.hpp"

namespace mlean::flows {

// Whether a version tag of this key is an approval. Such tags are set by Approve alone.
bool IsApproval(std::string_view tag_key);
// Names whose approval is for the file that the version has.
Result<std::vector<std::string>> Approvals(sql::Conn& conn, const std::string& model, int version);
// Idempotent per person.
Result<void> Approve(Workspace& workspace, const std::string& model, int version, const std::string& who,
                     const std::string& reason);

}  // namespace mlean::flows

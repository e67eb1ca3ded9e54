// Changes of the registry that move what is served or what others rely on: aliases and stages. The command line and MLflow's API
// both come through here, so that both leave the same events in the audit chain. What goes into production (the aliases champion
// and previous, the stage Production) is asked of the gate first (flows/promotion_policy.hpp).
#pragma once

#include <string>

#include "flows/workspace.hpp"
#include "registry/version_store.hpp"

namespace mlean::flows {

// Points the alias at the version; `champion` is a promotion (flows/champion.hpp). `why` goes to the audit chain.
Result<void> SetAlias(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& alias, int version,
                      const std::string& why);
// An alias that is not there is no error and no event.
Result<void> DeleteAlias(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& alias,
                         const std::string& why);
// What has become production or `champion` under the old name has to be admitted under the new one.
Result<void> RenameModel(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& new_name,
                         const std::string& why);
// See registry::TransitionStage. The event names the versions that were archived.
Result<registry::ModelVersion> ChangeStage(sql::Txn& txn, const Workspace& workspace, const std::string& model, int version,
                                           registry::Stage stage, bool archive_existing, const std::string& why);

}  // namespace mlean::flows

// Changes of who may do what: users, tokens, grants. The command line and MLflow's API both come through here, so that both leave
// the same events in the audit chain. No event holds a password, a token or a digest of one.
#pragma once

#include <string>
#include <string_view>

#include "access/grant_store.hpp"
#include "access/user_store.hpp"
#include "flows/workspace.hpp"

namespace mlean::flows {

// Hashes the password before it asks for the database's writer: that takes 100 ms, and nobody should wait for it.
Result<access::User> AddUser(const Workspace& workspace, const std::string& name, std::string_view password, bool admin);
Result<void> SetPassword(const Workspace& workspace, const std::string& name, std::string_view password);
Result<void> SetAdmin(const Workspace& workspace, const std::string& name, bool admin);
Result<void> RemoveUser(const Workspace& workspace, const std::string& name);

Result<access::MadeToken> MakeToken(const Workspace& workspace, const access::NewToken& spec);
Result<access::Token> RevokeToken(const Workspace& workspace, const std::string& id);

// `named` is the object's name in the chain: "experiments/5", "models/arrival-delay"; `user` its user's name.
Result<void> SetGrant(sql::Txn& txn, const Workspace& workspace, const access::Grant& grant, const std::string& user,
                      const std::string& named);
Result<void> RemoveGrant(sql::Txn& txn, const Workspace& workspace, const access::Grant& grant, const std::string& user,
                         const std::string& named);

}  // namespace mlean::flows

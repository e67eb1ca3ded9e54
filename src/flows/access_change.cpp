#include "flows/access_change.hpp"

#include "access/password.hpp"

namespace mlean::flows {
namespace {

using codec::Json;

std::string ObjectOf(const std::string& user) { return "users/" + user; }

Json TokenDetail(const access::Token& token) {
  Json detail = Json::Object{{"token", token.id}, {"read_only", token.read_only}};
  if (!token.note.empty()) detail.Set("note", token.note);
  if (token.expires) detail.Set("expires", FormatTime(*token.expires));
  return detail;
}

}  // namespace

Result<access::User> AddUser(const Workspace& workspace, const std::string& name, std::string_view password, bool admin) {
  TRY(const std::string kept, access::HashPassword(password));
  return workspace.db->Write([&](sql::Txn& txn) -> Result<access::User> {
    TRY(access::User user, access::AddUser(txn, name, kept, admin, workspace.Now()));
    TRYV(Record(txn, workspace, "user.added", ObjectOf(name), Json::Object{{"admin", admin}}));
    return user;
  });
}

Result<void> SetPassword(const Workspace& workspace, const std::string& name, std::string_view password) {
  TRY(const std::string kept, access::HashPassword(password));
  return workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRYV(access::SetPassword(txn, name, kept, workspace.Now()));
    return Record(txn, workspace, "user.password_changed", ObjectOf(name), Json::Object{});
  });
}

Result<void> SetAdmin(const Workspace& workspace, const std::string& name, bool admin) {
  return workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRYV(access::SetAdmin(txn, name, admin, workspace.Now()));
    return Record(txn, workspace, "user.admin_changed", ObjectOf(name), Json::Object{{"admin", admin}});
  });
}

Result<void> RemoveUser(const Workspace& workspace, const std::string& name) {
  return workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRYV(access::RemoveUser(txn, name));
    return Record(txn, workspace, "user.removed", ObjectOf(name), Json::Object{});
  });
}

Result<access::MadeToken> MakeToken(const Workspace& workspace, const access::NewToken& spec) {
  return workspace.db->Write([&](sql::Txn& txn) -> Result<access::MadeToken> {
    TRY(access::MadeToken made, access::MakeToken(txn, spec, workspace.Now()));
    TRYV(Record(txn, workspace, "token.created", ObjectOf(made.token.user_name), TokenDetail(made.token)));
    return made;
  });
}

Result<access::Token> RevokeToken(const Workspace& workspace, const std::string& id) {
  return workspace.db->Write([&](sql::Txn& txn) -> Result<access::Token> {
    TRY(access::Token token, access::RevokeToken(txn, id));
    TRYV(Record(txn, workspace, "token.revoked", ObjectOf(token.user_name), TokenDetail(token)));
    return token;
  });
}

Result<void> SetGrant(sql::Txn& txn, const Workspace& workspace, const access::Grant& grant, const std::string& user,
                      const std::string& named) {
  TRYV(access::SetGrant(txn, grant));
  return Record(txn, workspace, "grant.set", named, Json::Object{{"user", user}, {"level", access::LevelName(grant.level)}});
}

Result<void> RemoveGrant(sql::Txn& txn, const Workspace& workspace, const access::Grant& grant, const std::string& user,
                         const std::string& named) {
  TRYV(access::RemoveGrant(txn, grant.user, grant.object));
  return Record(txn, workspace, "grant.removed", named, Json::Object{{"user", user}});
}

}  // namespace mlean::flows

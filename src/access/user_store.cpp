#include "access/user_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "sql/rows.hpp"

namespace mlean::access {
namespace {

constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxNote = 200;
constexpr std::size_t kMaxTokens = 1'000;  // of one user

User ReadUser(const sql::Stmt& row) { return {row.Int(0), row.Text(1), row.Text(2), row.Int(3) != 0, row.Int(4), row.Int(5)}; }

Token ReadToken(const sql::Stmt& row) {
  return {row.Text(0), row.Int(1), row.Text(2), row.Text(3), row.Text(4), row.Int(5) != 0, row.Int(6), row.MaybeInt(7)};
}

bool IsPlain(std::string_view text) {
  return IsValidUtf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<void> CheckName(std::string_view name) {
  if (name.empty()) return Fail(Code::kInvalid, "Username cannot be empty.");
  const bool sound = name.size() <= kMaxName && IsPlain(name) && Trim(name) == name && name.find_first_of(":/") == name.npos;
  if (sound) return {};
  return Fail(Code::kInvalid, fmt::format("Invalid username: it must be at most {} bytes without ':', '/', control characters "
                                          "and blanks at its ends.",
                                          kMaxName));
}

Result<void> CountChange(sql::Txn& txn) { return txn.Exec("UPDATE access_changes SET counter = counter + 1"); }

// After a change: somebody must still be able to administer, unless nobody is left at all.
Result<void> CheckAdminLeft(sql::Txn& txn, std::string_view name) {
  TRY(sql::Stmt stmt, txn.Prepare("SELECT count(*), coalesce(sum(admin), 0) FROM access_users"));
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  if (stmt.Int(0) == 0 || stmt.Int(1) > 0) return {};
  return Fail(Code::kConflict, fmt::format("cannot change user '{}': no administrator would be left", name),
              "mlean users admin NAME");
}

}  // namespace

Result<User> AddUser(sql::Txn& txn, std::string_view name, std::string_view password, bool admin, TimeMs now) {
  TRYV(CheckName(name));
  const Result<User> known = FindUser(txn, name);
  if (known) return Fail(Code::kExists, fmt::format("User (username={}) already exists.", name));
  if (known.error().code != Code::kNotFound) return known.error();
  TRYV(txn.Exec("INSERT INTO access_users(name, password, admin, created, updated) VALUES(?1, ?2, ?3, ?4, ?4)", name, password,
                admin, now));
  TRYV(CountChange(txn));
  return FindUser(txn, name);
}

Result<void> RemoveUser(sql::Txn& txn, std::string_view name) {
  TRY(const User user, FindUser(txn, name));
  TRYV(txn.Exec("DELETE FROM access_users WHERE no = ?1", user.no));
  TRYV(txn.Exec("DELETE FROM access_tokens WHERE user = ?1", user.no));
  TRYV(txn.Exec("DELETE FROM access_grants WHERE user = ?1", user.no));
  TRYV(CheckAdminLeft(txn, name));
  return CountChange(txn);
}

Result<void> SetPassword(sql::Txn& txn, std::string_view name, std::string_view password, TimeMs now) {
  TRY(const User user, FindUser(txn, name));
  TRYV(txn.Exec("UPDATE access_users SET password = ?2, updated = ?3 WHERE no = ?1", user.no, password, now));
  return CountChange(txn);
}

Result<void> SetAdmin(sql::Txn& txn, std::string_view name, bool admin, TimeMs now) {
  TRY(const User user, FindUser(txn, name));
  TRYV(txn.Exec("UPDATE access_users SET admin = ?2, updated = ?3 WHERE no = ?1", user.no, admin, now));
  TRYV(CheckAdminLeft(txn, name));
  return CountChange(txn);
}

Result<User> FindUser(sql::Conn& conn, std::string_view name) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no, name, password, admin, created, updated FROM access_users WHERE name = ?1"));
  stmt.Bind(name);
  TRY(std::optional<User> user, sql::ReadRow(stmt, ReadUser));
  if (!user) return Fail(Code::kNotFound, fmt::format("User with username={} not found", name));
  return *std::move(user);
}

Result<std::vector<User>> ListUsers(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no, name, password, admin, created, updated FROM access_users ORDER BY name"));
  return sql::ReadRows(stmt, ReadUser);
}

Result<MadeToken> MakeToken(sql::Txn& txn, const NewToken& spec, TimeMs now) {
  TRY(const User user, FindUser(txn, spec.user));
  if (spec.note.size() > kMaxNote || !IsPlain(spec.note)) {
    return Fail(Code::kInvalid, fmt::format("cannot create token: its note is over {} bytes or no plain text", kMaxNote));
  }
  TRY(sql::Stmt count, txn.Prepare("SELECT count(*) FROM access_tokens WHERE user = ?1"));
  count.Bind(user.no);
  TRY(const bool found, count.Step());
  CHECK_BUG(found);
  if (count.Int(0) >= static_cast<std::int64_t>(kMaxTokens)) {
    return Fail(Code::kTooLarge, fmt::format("cannot create token: user '{}' has {} already", user.name, kMaxTokens),
                "mlean tokens list");
  }
  unsigned char bytes[32];
  RandomBytes(bytes, sizeof(bytes));
  MadeToken made;
  made.secret = "mlean_" + Hex(bytes, sizeof(bytes));
  unsigned char id[4];
  RandomBytes(id, sizeof(id));
  made.token = {Hex(id, sizeof(id)), user.no, user.name, spec.note, TokenDigest(made.secret), spec.read_only, now, spec.expires};
  const Token& token = made.token;
  TRYV(txn.Exec(
      "INSERT INTO access_tokens(id, user, digest, note, read_only, created, expires) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      token.id, token.user, token.digest, token.note, token.read_only, token.created, token.expires));
  TRYV(CountChange(txn));
  return made;
}

Result<Token> RevokeToken(sql::Txn& txn, std::string_view id) {
  TRY(const std::vector<Token> tokens, ListTokens(txn));
  const auto token = std::find_if(tokens.begin(), tokens.end(), [&](const Token& one) { return one.id == id; });
  if (token == tokens.end()) {
    return Fail(Code::kNotFound, fmt::format("cannot revoke token '{}': there is none", id), "mlean tokens list");
  }
  TRYV(txn.Exec("DELETE FROM access_tokens WHERE id = ?1", id));
  TRYV(CountChange(txn));
  return *token;
}

Result<std::vector<Token>> ListTokens(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT t.id, t.user, u.name, t.note, t.digest, t.read_only, t.created, t.expires "
                                   "FROM access_tokens t JOIN access_users u ON u.no = t.user ORDER BY u.name, t.created, t.id"));
  return sql::ReadRows(stmt, ReadToken);
}

std::string TokenDigest(std::string_view secret) { return Sha256Hex(secret); }

Result<std::int64_t> ChangeCounter(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT counter FROM access_changes"));
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  return stmt.Int(0);
}

}  // namespace mlean::access

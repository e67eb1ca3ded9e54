// Users and their tokens. Every change counts in ChangeCounter, so that a running server notices what another process did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::access {

struct User {
  std::int64_t no = 0;
  std::string name;
  std::string password;  // as HashPassword makes it; never shown
  bool admin = false;
  TimeMs created = 0;
  TimeMs updated = 0;
};

// Names: 1 to 128 bytes of UTF-8 without ':', '/', control characters and blanks at the ends. `password` is hashed already.
// kInvalid; kExists "User (username=ann) already exists.".
Result<User> AddUser(sql::Txn& txn, std::string_view name, std::string_view password, bool admin, TimeMs now);
// With all tokens and grants. kNotFound as FindUser; kConflict when other users would be left without an administrator.
Result<void> RemoveUser(sql::Txn& txn, std::string_view name);
Result<void> SetPassword(sql::Txn& txn, std::string_view name, std::string_view password, TimeMs now);
// kConflict when no administrator would be left.
Result<void> SetAdmin(sql::Txn& txn, std::string_view name, bool admin, TimeMs now);
// kNotFound "User with username=ann not found".
Result<User> FindUser(sql::Conn& conn, std::string_view name);
Result<std::vector<User>> ListUsers(sql::Conn& conn);  // by name

struct Token {
  std::string id;  // to name it by; no secret
  std::int64_t user = 0;
  std::string user_name;
  std::string note;
  std::string digest;  // SHA-256 of the token in hex: it is random enough to need no more
  bool read_only = false;
  TimeMs created = 0;
  std::optional<TimeMs> expires;  // from then on it is none
};
struct NewToken {
  std::string user;
  std::string note;
  bool read_only = false;
  std::optional<TimeMs> expires;
};
struct MadeToken {
  Token token;
  std::string secret;  // "mlean_<64 hex digits>", known here and never again
};

Result<MadeToken> MakeToken(sql::Txn& txn, const NewToken& spec, TimeMs now);
// The token that was. kNotFound when there is none with that id.
Result<Token> RevokeToken(sql::Txn& txn, std::string_view id);
Result<std::vector<Token>> ListTokens(sql::Conn& conn);  // by user and time
std::string TokenDigest(std::string_view secret);

// Grows with every change of users and tokens, in the same transaction.
Result<std::int64_t> ChangeCounter(sql::Conn& conn);

}  // namespace mlean::access

#include "access/authenticator.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "access/password.hpp"
#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"

namespace mlean::access {
namespace {

using Kind = Answer::Kind;
using Steady = Authenticator::Steady;

constexpr std::size_t kMaxRemembered = 4'096;
constexpr std::chrono::minutes kRemember{10};
constexpr int kMaxChecking = 2;
constexpr double kTries = 20;
constexpr std::chrono::milliseconds kOneBackAfter{6'000};
constexpr std::size_t kMaxNames = 10'000;

std::string RandomText() {
  unsigned char bytes[32];
  RandomBytes(bytes, sizeof(bytes));
  return Hex(bytes, sizeof(bytes));
}

// Of a name that is too long for a user's, the beginning: the table of failures is bounded in bytes, too.
std::string_view NameOf(std::string_view user) { return user.substr(0, 128); }

// A whole IPv6 /64 belongs to one machine, which may change its address at will. An IPv4 address in IPv6's clothes is itself.
std::string NetworkOf(std::string_view address) {
  const std::string text(address);
  unsigned char bytes[16];
  if (::inet_pton(AF_INET6, text.c_str(), bytes) != 1) return text;
  constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(std::begin(kMapped), std::end(kMapped), bytes) ? Hex(bytes + 12, 4) : Hex(bytes, 8);
}

}  // namespace

struct Authenticator::Directory {
  struct Known {
    std::shared_ptr<const Caller> caller;
    std::string password;  // of users
    std::string digest;    // of tokens
    std::optional<TimeMs> expires;
  };
  std::int64_t counter = -1;
  std::unordered_map<std::string, Known> users;   // by name
  std::unordered_map<std::string, Known> tokens;  // by digest
};

Authenticator::Authenticator(Metrics& metrics)
    : own_token_("mlean_" + RandomText()),
      own_digest_(TokenDigest(own_token_)),
      secret_(RandomText()),
      own_caller_(std::make_shared<const Caller>(Caller{0, "server", true, false})),
      directory_(std::make_shared<const Directory>()),
      by_address_(kTries, kOneBackAfter, kMaxNames),
      by_user_(kTries, kOneBackAfter, kMaxNames),
      failed_(metrics.Counters("mlean_auth_failures_total", "Requests with wrong credentials.", {"kind"})),
      limited_(
          metrics.Counters("mlean_auth_limited_total", "Requests with credentials that were not looked at: too many failures.")
              .Only()),
      checks_(metrics.Counters("mlean_auth_password_checks_total", "Passwords checked by scrypt.").Only()) {}

Authenticator::~Authenticator() = default;

Result<void> Authenticator::Refresh(sql::Database& db) {
  const std::lock_guard lock(refresh_mutex_);
  const std::shared_ptr<const Directory> before = directory_.load();
  return db.Read([&](sql::Conn& conn) -> Result<void> {
    TRY(const std::int64_t counter, ChangeCounter(conn));
    if (counter == before->counter) return {};
    auto fresh = std::make_shared<Directory>();
    fresh->counter = counter;
    TRY(const std::vector<User> users, ListUsers(conn));
    for (const User& user : users) {
      const Caller caller{user.no, user.name, user.admin, false};
      fresh->users[user.name] = {std::make_shared<const Caller>(caller), user.password, {}, {}};
    }
    TRY(const std::vector<Token> tokens, ListTokens(conn));
    for (const Token& token : tokens) {
      Caller caller = *fresh->users[token.user_name].caller;
      caller.read_only = token.read_only;
      caller.by_token = true;
      fresh->tokens[token.digest] = {std::make_shared<const Caller>(std::move(caller)), {}, token.digest, token.expires};
    }
    directory_.store(std::move(fresh));
    return {};
  });
}

bool Authenticator::HasUsers() const { return !directory_.load()->users.empty(); }

Answer Authenticator::Ask(const Credentials& credentials, std::string_view address, TimeMs now, Steady::time_point at) {
  switch (credentials.kind) {
    case Credentials::Kind::kNone: return {Kind::kMissing, {}, {}};
    case Credentials::Kind::kUnreadable: return FailedUnlessHeldUp(address, "unreadable", at);
    case Credentials::Kind::kToken: return AskToken(credentials, address, now, at);
    case Credentials::Kind::kPassword: break;
  }
  const std::shared_ptr<const Directory> directory = directory_.load();
  if (const auto user = directory->users.find(credentials.user); user != directory->users.end()) {
    if (Remembered(KeyOf(credentials, user->second.password), at)) return {Kind::kKnown, user->second.caller, {}};
  }
  if (const auto wait = WaitOf(address, credentials.user, at); wait.count() > 0) return HeldUp(wait);
  return {Kind::kMustCheck, {}, {}};
}

Answer Authenticator::HeldUp(std::chrono::milliseconds wait) {
  limited_.Add();
  return {Kind::kTooMany, {}, std::chrono::ceil<std::chrono::seconds>(wait)};
}

// Of what was looked at at once: those who are held up learn nothing, and are not written down again and again.
Answer Authenticator::FailedUnlessHeldUp(std::string_view address, std::string_view kind, Steady::time_point at) {
  const std::chrono::milliseconds wait = WaitOf(address, {}, at);
  return wait.count() > 0 ? HeldUp(wait) : Failed(address, {}, kind, at);
}

// A right token is never held up: that it was found is no chance.
Answer Authenticator::AskToken(const Credentials& credentials, std::string_view address, TimeMs now, Steady::time_point at) {
  const std::string digest = TokenDigest(credentials.secret);
  if (EqualInConstantTime(digest, own_digest_)) return {Kind::kKnown, own_caller_, {}};
  const std::shared_ptr<const Directory> directory = directory_.load();
  const auto token = directory->tokens.find(digest);
  if (token != directory->tokens.end() && EqualInConstantTime(token->second.digest, digest)) {
    const std::optional<TimeMs>& expires = token->second.expires;
    if (!expires || now < *expires) return {Kind::kKnown, token->second.caller, {}};
    return FailedUnlessHeldUp(address, "expired", at);
  }
  return FailedUnlessHeldUp(address, "token", at);
}

Answer Authenticator::Check(const Credentials& credentials, std::string_view address, Steady::time_point at) {
  if (checking_.fetch_add(1) >= kMaxChecking) {
    checking_.fetch_sub(1);
    return {Kind::kBusy, {}, {}};
  }
  const std::shared_ptr<const Directory> directory = directory_.load();
  const auto user = directory->users.find(credentials.user);
  const bool known = user != directory->users.end();
  checks_.Add();
  const bool matches = PasswordMatches(credentials.secret, known ? std::string_view(user->second.password) : NobodysPassword());
  checking_.fetch_sub(1);
  if (!known || !matches) return Failed(address, credentials.user, "password", at);
  Remember(KeyOf(credentials, user->second.password), at);
  return {Kind::kKnown, user->second.caller, {}};
}

Answer Authenticator::Failed(std::string_view address, std::string_view user, std::string_view kind, Steady::time_point at) {
  failed_.With({{"kind", kind}}).Add();
  const std::lock_guard lock(failures_mutex_);
  by_address_.Count(NetworkOf(address), at);
  if (!user.empty()) by_user_.Count(NameOf(user), at);
  return {Kind::kWrong, {}, {}};
}

std::chrono::milliseconds Authenticator::WaitOf(std::string_view address, std::string_view user, Steady::time_point at) const {
  const std::lock_guard lock(failures_mutex_);
  const std::chrono::milliseconds wait = by_address_.Wait(NetworkOf(address), at);
  return user.empty() ? wait : std::max(wait, by_user_.Wait(NameOf(user), at));
}

std::string Authenticator::KeyOf(const Credentials& credentials, std::string_view stored) const {
  std::string text;
  for (const std::string_view part : {std::string_view(credentials.user), std::string_view(credentials.secret), stored}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return HmacSha256(secret_, text);
}

bool Authenticator::Remembered(const std::string& key, Steady::time_point at) const {
  const std::shared_lock lock(remembered_mutex_);
  const auto found = remembered_.find(key);
  return found != remembered_.end() && at < found->second;
}

void Authenticator::Remember(std::string key, Steady::time_point at) {
  const std::lock_guard lock(remembered_mutex_);
  if (remembered_.size() >= kMaxRemembered) {
    std::erase_if(remembered_, [&](const auto& one) { return one.second <= at; });
    if (remembered_.size() >= kMaxRemembered) remembered_.clear();
  }
  remembered_[std::move(key)] = at + kRemember;
}

}  // namespace mlean::access

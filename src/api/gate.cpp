#include "api/gate.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>

#include <algorithm>

#include "api/errors.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace mlean::api {
namespace {

constexpr std::string_view kWho =
    "You are not authenticated. Please see https://www.mlflow.org/docs/latest/auth/index.html#authenticating-to-mlflow on how to "
    "authenticate.";

// "example.com" of "example.com:5000" and of "https://example.com:5000"; brackets of IPv6 addresses stay.
std::string_view NameOf(std::string_view authority) {
  if (const std::size_t scheme = authority.find("://"); scheme != authority.npos) authority.remove_prefix(scheme + 3);
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
  return has_port ? authority.substr(0, colon) : authority;
}

// No name, so nothing that DNS could point elsewhere.
bool IsAddress(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  unsigned char bytes[16];
  const std::string text(name);
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

bool IsThisMachine(std::string_view name) {
  return net::EqualNoCase(name, "localhost") || name == "[::1]" || (name.starts_with("127.") && IsAddress(name));
}

bool ChangesState(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "DELETE" || method == "PATCH";
}

bool MatchesAny(std::string_view text, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return MatchesPattern(text, pattern); });
}

std::string_view AddressOf(std::string_view remote) {
  std::string_view name = NameOf(remote);
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  return name;
}

// MLflow's server says no more than these two words.
net::Reply Forbidden(const net::Call& call, std::string_view needed) {
  if (!call.path.starts_with("/api/mlean/")) return net::Reply::Text(403, "Permission denied");
  return ErrorReply(Fail(Code::kDenied, fmt::format("cannot {} '{}': {}", call.method, call.path, needed)));
}

// 401, not 429, also when there were too many: MLflow's clients repeat a 429 for minutes, and a wrong password does not become
// right by that.
net::Reply Unauthenticated(std::string text) {
  return net::Reply::Text(401, std::move(text)).With("WWW-Authenticate", "Basic realm=\"mlflow\"");
}

}  // namespace

bool MatchesPattern(std::string_view text, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return text == pattern;
  const std::string_view head = pattern.substr(0, star);
  if (!text.starts_with(head)) return false;
  text.remove_prefix(head.size());
  pattern.remove_prefix(star);
  // Between two stars the first place is as good as any; behind the last one the text must end.
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::size_t next = std::min(pattern.find('*'), pattern.size());
    const std::string_view piece = pattern.substr(0, next);
    pattern.remove_prefix(next);
    if (pattern.empty()) return text.ends_with(piece);
    const std::size_t at = text.find(piece);
    if (at == text.npos) return false;
    text.remove_prefix(at + piece.size());
  }
  return text.empty();
}

Gate::Gate(GateOptions options) : options_(std::move(options)) {}

bool Gate::HostAllowed(std::string_view host) const {
  if (host.empty()) return true;  // no browser leaves it out
  const std::string_view name = NameOf(host);
  // A name without a dot is none of the public DNS: of a container, of the local network.
  const bool is_local = name.find('.') == name.npos && name.find(':') == name.npos;
  return is_local || IsThisMachine(name) || IsAddress(name) || MatchesAny(host, options_.hosts) ||
         MatchesAny(name, options_.hosts);
}

bool Gate::OriginAllowed(const net::Call& call) const {
  const std::string_view origin = call.Header("Origin");
  if (origin.empty() || !ChangesState(call.method) || IsThisMachine(NameOf(origin))) return true;
  const std::size_t scheme = origin.find("://");
  if (scheme != origin.npos && net::EqualNoCase(origin.substr(scheme + 3), call.Header("Host"))) return true;
  return MatchesAny(origin, options_.origins);
}

Gate::Verdict Gate::Look(net::Call& call, const net::Route* route, net::Reply& reply) {
  const net::Access access = route == nullptr ? net::Access::kReader : route->options.access;
  if (options_.check_hosts && access != net::Access::kAnyone && !HostAllowed(call.Header("Host"))) {
    reply = net::Reply::Text(403, "Invalid Host header - possible DNS rebinding attack detected");
    return Verdict::kRefuse;
  }
  if (options_.check_origins && !OriginAllowed(call)) {
    reply = net::Reply::Text(403, "Cross-origin request blocked");
    return Verdict::kRefuse;
  }
  if (options_.users == nullptr || access == net::Access::kAnyone) return Verdict::kPass;
  const access::Credentials credentials = access::ReadAuthorization(call.Header("Authorization"));
  const access::Answer answer =
      options_.users->Ask(credentials, AddressOf(call.remote), options_.clock->Now(), std::chrono::steady_clock::now());
  return Judge(answer, call, route, reply);
}

Gate::Verdict Gate::LookLonger(net::Call& call, const net::Route* route, net::Reply& reply) {
  const access::Credentials credentials = access::ReadAuthorization(call.Header("Authorization"));
  const access::Answer answer = options_.users->Check(credentials, AddressOf(call.remote), std::chrono::steady_clock::now());
  return Judge(answer, call, route, reply);
}

Gate::Verdict Gate::Judge(const access::Answer& answer, net::Call& call, const net::Route* route, net::Reply& reply) const {
  using Kind = access::Answer::Kind;
  switch (answer.kind) {
    case Kind::kMustCheck: return Verdict::kWait;
    case Kind::kMissing: reply = Unauthenticated(std::string(kWho)); return Verdict::kRefuse;
    case Kind::kWrong:
      log::Warn("auth.failed", {{"remote", std::string(call.remote)}, {"path", std::string(call.path)}});
      reply = Unauthenticated(std::string(kWho));
      return Verdict::kRefuse;
    case Kind::kTooMany:
      reply = Unauthenticated(fmt::format("Too many failed attempts from this address or for this user: nothing was checked. Try "
                                          "again in {} s.",
                                          answer.wait.count()))
                  .With("Retry-After", std::to_string(answer.wait.count()));
      return Verdict::kRefuse;
    case Kind::kBusy:
      reply = net::Reply::Text(503, "Too many passwords are being checked.").With("Retry-After", "1");
      return Verdict::kRefuse;
    case Kind::kKnown: break;
  }
  call.caller = answer.caller;
  const Caller& caller = *answer.caller;
  const net::Access access = route == nullptr ? net::Access::kReader : route->options.access;
  const bool writes = access == net::Access::kWriter || access == net::Access::kAdmin;
  if (access == net::Access::kUndeclared) {
    reply = Forbidden(call, "the route says for nobody that he may");
  } else if (writes && caller.read_only && !(access == net::Access::kAdmin && caller.admin && !ChangesState(call.method))) {
    reply = Forbidden(call, "the token is read-only");
  } else if (access == net::Access::kAdmin && !caller.admin) {
    reply = Forbidden(call, "it needs an administrator");
  } else {
    return Verdict::kPass;
  }
  return Verdict::kRefuse;
}

}  // namespace mlean::api

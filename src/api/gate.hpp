// The server's gate (net/gate.hpp): requests from foreign web sites, who the caller is, and what a route asks of him.
//
// 1. Host: a web page can make its own name point at this machine and then talk to a server that trusts whoever reaches it (DNS
//    rebinding). Without users, requests must name the server by an address, a name without a dot, or one that is allowed.
// 2. Origin: a page of another site may not send requests that change something, whatever rights the browser has.
// 3. Authorization: Basic or Bearer, unless the route is for anyone.
// Texts and statuses are those of MLflow's server, which its clients know.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/authenticator.hpp"
#include "base/clock.hpp"
#include "net/gate.hpp"

namespace mlean::api {

struct GateOptions {
  access::Authenticator* users = nullptr;  // null: everybody may do everything
  const Clock* clock = nullptr;
  bool check_hosts = true;
  bool check_origins = true;
  std::vector<std::string> hosts;    // allowed besides addresses and localhost; '*' stands for any text
  std::vector<std::string> origins;  // may send changes; '*' as above
};

class Gate final : public net::Gate {
 public:
  explicit Gate(GateOptions options);
  Verdict Look(net::Call& call, const net::Route* route, net::Reply& reply) override;
  Verdict LookLonger(net::Call& call, const net::Route* route, net::Reply& reply) override;

 private:
  bool HostAllowed(std::string_view host) const;
  bool OriginAllowed(const net::Call& call) const;
  Verdict Judge(const access::Answer& answer, net::Call& call, const net::Route* route, net::Reply& reply) const;

  const GateOptions options_;
};

// '*' in `pattern` stands for any text, all else for itself.
bool MatchesPattern(std::string_view text, std::string_view pattern);

}  // namespace mlean::api

// Which addresses are public: a server that calls URLs given by others must not be led to its own machine or network.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

struct sockaddr;

namespace mlean::net {

// False for loopback, private, link-local, shared, documentation, multicast and reserved ranges (the special-purpose registries
// of RFC 6890), also when an IPv6 address carries such an IPv4 one (mapped, 6to4, NAT64); and for anything that is no IP address.
bool IsPublicAddress(const ::sockaddr* address);

struct HostAddress {
  std::string text;
  bool is_public = false;
};
// The addresses of a host name or literal, as the system resolves them; waits for DNS. kNotFound says why in the words of the
// resolver, with Python's number: "[Errno -2] Name or service not known".
Result<std::vector<HostAddress>> Resolve(const std::string& host);

}  // namespace mlean::net

#include "net/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

namespace mlean::net {
namespace {

struct Range4 {
  std::uint32_t start;
  int bits;
};
constexpr Range4 kNotPublic4[] = {
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local, cloud metadata among it
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarks
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 3},   // multicast, reserved, broadcast
};

bool IsPublic4(std::uint32_t address) {
  for (const Range4& range : kNotPublic4) {
    if ((address ^ range.start) >> (32 - range.bits) == 0) return false;
  }
  return true;
}

using Bytes16 = std::array<std::uint8_t, 16>;

struct Range6 {
  Bytes16 start;
  int bits;
};
constexpr Range6 kNotPublic6[] = {
    {{0x01, 0x00}, 64},              // discard only
    {{0x20, 0x01, 0x00}, 23},        // protocol assignments, Teredo among them
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x3f, 0xff}, 20},              // documentation
};

bool InRange(const Bytes16& address, const Range6& range) {
  for (int bit = 0; bit < range.bits; ++bit) {
    const std::size_t byte = static_cast<std::size_t>(bit) / 8;
    if (((address[byte] ^ range.start[byte]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

bool StartsWith(const Bytes16& address, std::initializer_list<std::uint8_t> start) {
  return std::equal(start.begin(), start.end(), address.begin());
}

std::uint32_t Embedded(const Bytes16& address, std::size_t at) {
  return static_cast<std::uint32_t>(address[at]) << 24 | static_cast<std::uint32_t>(address[at + 1]) << 16 |
         static_cast<std::uint32_t>(address[at + 2]) << 8 | address[at + 3];
}

bool IsPublic6(const Bytes16& address) {
  if (StartsWith(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return IsPublic4(Embedded(address, 12));
  if (StartsWith(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return IsPublic4(Embedded(address, 12));  // NAT64
  if (StartsWith(address, {0x20, 0x02})) return IsPublic4(Embedded(address, 2));                                    // 6to4
  if ((address[0] & 0xE0) != 0x20) return false;  // nothing outside of 2000::/3 is global unicast
  for (const Range6& range : kNotPublic6) {
    if (InRange(address, range)) return false;
  }
  return true;
}

}  // namespace

bool IsPublicAddress(const ::sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, address, sizeof four);
    return IsPublic4(ntohl(four.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  sockaddr_in6 six{};
  std::memcpy(&six, address, sizeof six);
  Bytes16 bytes{};
  std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
  return IsPublic6(bytes);
}

Result<std::vector<HostAddress>> Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) return Fail(Code::kNotFound, "[Errno " + std::to_string(code) + "] " + ::gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<HostAddress> out;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST] = "";
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    out.push_back({text, IsPublicAddress(one->ai_addr)});
  }
  return out;
}

}  // namespace mlean::net

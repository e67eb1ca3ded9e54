// Where the server listens, and what it asks for before it does.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "verbs/verb.hpp"

namespace mlean::app {

struct Listen {
  std::string address = "127.0.0.1";  // numeric, or "localhost"; IPv6 without brackets
  std::uint16_t port = 5000;          // 0: the system picks one

  bool IsLoopback() const;
};

// From --listen ADDRESS:PORT, or --host and --port as mlflow server has them.
Result<Listen> ReadListen(const verbs::Arguments& arguments);

// kDenied for an address that others reach without --auth.
Result<void> CheckListen(const Listen& listen, bool auth);

// The URL for commands on this machine: an address that stands for all is none to connect to.
std::string LocalUrl(const std::string& url);

}  // namespace mlean::app

// Caller: who sends a request, once the server has made sure of it. Plain values.
#pragma once

#include <cstdint>
#include <string>

namespace mlean {

struct Caller {
  std::int64_t user = 0;   // the user's number; 0: the program itself, a command beside the running server
  std::string name;        // "ann"
  bool admin = false;      // may do everything
  bool read_only = false;  // came with a token that changes nothing, whoever its user is
  bool by_token = false;   // came with a token, not with the password

  // As the audit chain names it.
  std::string Actor() const { return user == 0 ? name : "user:" + name; }
};

}  // namespace mlean

// Gate: what every request passes between its head and its body: from which site it comes, who sends it, whether that one may
// call the route at all. A server without a gate lets everything through. Called by many threads at once.
#pragma once

#include <cstdint>

#include "net/message.hpp"
#include "net/router.hpp"

namespace mlean::net {

class Gate {
 public:
  enum class Verdict : std::uint8_t {
    kPass,
    kRefuse,  // `reply` is the answer
    kWait,    // only LookLonger can tell
  };
  virtual ~Gate() = default;
  // On the I/O thread: microseconds, never waits. `route` is null when there is none for the call. Sets call.caller.
  virtual Verdict Look(Call& call, const Route* route, Reply& reply) = 0;
  // After kWait, on the pool; kPass or kRefuse.
  virtual Verdict LookLonger(Call& call, const Route* route, Reply& reply) = 0;
};

}  // namespace mlean::net

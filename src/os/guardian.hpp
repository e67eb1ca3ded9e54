// Inside of the os room: a small process beside a child that outlives us by a moment. When we are gone, however we went, it
// SIGKILLs the child's whole process group, so that a stage killed with us does not write its outputs late. The kernel's
// parent-death signal, which the child has too, reaches only the child itself.
//
// It is `/bin/sh` with a script of three lines, at the other end of a socket: the end of the socket is how it learns of our
// death. A program of its own rather than a fork of us: a fork costs more the more memory we hold, and keeps our pages. To start
// one costs about a millisecond; so it waits for the next child when its child has ended.
#pragma once

#include <cstddef>

#include "base/result.hpp"

namespace mlean::os {

// One guardian for one child at a time. Movable; one thread at a time.
//
//   TRY(Guardian guardian, Guardian::Start());
//   … in the child, before it executes anything: Guardian::Watch(guardian.socket()) …
//   guardian.End();     // when the child has ended, before its pid is free for another
class Guardian {
 public:
  static Result<Guardian> Start();
  Guardian() = default;
  Guardian(Guardian&& other) noexcept;
  Guardian& operator=(Guardian&& other) noexcept;
  ~Guardian() { End(); }

  // For the child; close-on-exec. Nothing but the guardian's life depends on it.
  int socket() const { return socket_; }
  // Called by the child that leads its process group: makes that group the one to kill. System calls only, so that it may run
  // between vfork and exec. False with errno: there is no guardian, the child should not go on.
  static bool Watch(int socket);
  // The group is not killed any more, whatever becomes of us. May be called again.
  void End() noexcept;

  // Ends those that wait for the next child, which else live as long as we do; how many there were.
  static std::size_t EndIdle() noexcept;

 private:
  struct Idle;
  static Idle& TheIdle();

  Guardian(int pid, int socket) : pid_(pid), socket_(socket) {}
  static Result<Guardian> StartNew();
  bool IsAlive() const;
  bool Park() noexcept;
  void Kill() noexcept;
  int pid_ = -1;
  int socket_ = -1;
};

}  // namespace mlean::os

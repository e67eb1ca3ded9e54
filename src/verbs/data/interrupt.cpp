#include "verbs/data/interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "os/signals.hpp"

namespace mlean::verbs {

Result<std::unique_ptr<Interrupt>> Interrupt::Watch() {
  TRY(os::StopSignals signals, os::StopSignals::Block());
  std::unique_ptr<Interrupt> interrupt(new Interrupt());
  interrupt->watcher_ = std::thread([self = interrupt.get(), signals = std::move(signals)]() mutable {
    while (!self->done_) {
      if (signals.Wait(-1) > 0 && !self->done_) self->stopped_ = true;
    }
  });
  return interrupt;
}

Interrupt::~Interrupt() {
  done_ = true;
  ::kill(::getpid(), SIGTERM);  // blocked everywhere: it only wakes the watcher
  watcher_.join();
}

}  // namespace mlean::verbs

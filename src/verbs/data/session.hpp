// Session: what most of DVC's commands start with: Ctrl-C as a flag, a progress line, and the repository, opened and locked.
//
//   TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "adding"));
//   … session->repository() …
//   TRYV(session->Finish(context));   // what was remembered is saved, git is told; prints the hint to `git add`
#pragma once

#include <memory>
#include <string>

#include "flows/data/repository.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/work_bar.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

class Session {
 public:
  // `doing`: in front of the progress line.
  static Result<std::unique_ptr<Session>> Open(const Arguments& arguments, const Context& context, std::string doing);

  flows::Repository& repository() { return *repository_; }
  WorkBar& bar() { return bar_; }
  const std::atomic<bool>* cancel() const { return interrupt_->flag(); }
  Result<void> Finish(const Context& context);

 private:
  Session(std::string doing, bool quiet) : bar_(std::move(doing), quiet) {}
  std::unique_ptr<Interrupt> interrupt_;
  WorkBar bar_;
  std::unique_ptr<flows::Repository> repository_;
};

// What a command returns that catches DVC's errors when the repository was not opened: a held lock is told behind `front` with
// exit status 1, everything else is not caught.
Result<int> NotOpened(const Context& context, const Error& error, std::string_view front = {});

// The command line as others are shown it while they wait for our locks: "mlean add data".
std::string CommandLine();

}  // namespace mlean::verbs

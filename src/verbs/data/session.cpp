#include "verbs/data/session.hpp"

#include <algorithm>
#include <utility>

#include "os/files.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"

namespace mlean::verbs {

Result<std::unique_ptr<Session>> Session::Open(const Arguments& arguments, const Context& context, std::string doing) {
  std::unique_ptr<Session> session(new Session(std::move(doing), context.quiet || context.json));
  TRY(session->interrupt_, Interrupt::Watch());
  pipeline::Say say = [bar = &session->bar_, print = SayFor(context)](pipeline::Level level, std::string_view text) {
    bar->Clear();
    print(level, text);
  };
  TRY(session->repository_, flows::Repository::Open(context.directory, {.wait_for_lock = arguments.Has("wait-for-lock"),
                                                                        .quiet = context.quiet,
                                                                        .say = std::move(say),
                                                                        .cancel = session->interrupt_->flag(),
                                                                        .progress = &session->bar_}));
  return session;
}

Result<void> Session::Finish(const Context& context) {
  bar_.Clear();
  TRYV(repository_->Finish());
  TRY(const std::string hint, repository_->scm().Finish(context.directory));
  if (!context.json) Print(hint);
  return {};
}

Result<int> NotOpened(const Context& context, const Error& error, std::string_view front) {
  if (error.code != Code::kBusy) return error;
  return Caught(context, std::string(front) + error.what);
}

std::string CommandLine() {
  const Result<std::string> text = os::ReadFile("/proc/self/cmdline", 1 << 20);
  if (!text) return "mlean";
  std::string line = *text;
  while (line.ends_with('\0')) line.pop_back();
  std::replace(line.begin(), line.end(), '\0', ' ');
  return line;
}

}  // namespace mlean::verbs

#include "os/spawn.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/terminal.hpp"

extern char** environ;

namespace mlean::os {
namespace {

// Everything that the child needs, made before it exists: between fork and exec it may only make system calls.
struct Plan {
  std::string program;
  std::vector<std::string> argv_text;
  std::vector<std::string> env_text;
  std::vector<char*> argv;
  std::vector<char*> env;
  std::string cwd;
  int null_fd = -1;
  bool own_stdin = false;
  int out_fd = -1;
  int error_fd = -1;
  int failure_fd = -1;  // closed by exec; else takes the errno
  int guardian = -1;    // its socket
  pid_t parent = 0;
};

// The value that the child will see.
std::string EnvOf(const ProcessSpec& spec, const char* name) {
  for (auto at = spec.env.rbegin(); at != spec.env.rend(); ++at) {
    if (at->first == name) return at->second;
  }
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::vector<std::string> ChildEnv(const ProcessSpec& spec) {
  std::vector<std::string> out;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const std::string_view name = entry.substr(0, entry.find('='));
    const bool replaced = std::any_of(spec.env.begin(), spec.env.end(), [&](const auto& pair) { return pair.first == name; });
    if (!replaced) out.emplace_back(entry);
  }
  for (const auto& [name, value] : spec.env) out.push_back(name + "=" + value);
  return out;
}

Result<std::string> FindProgram(const ProcessSpec& spec, const std::string& name) {
  if (name.find('/') != name.npos) return name;
  for (const std::string& folder : Split(EnvOf(spec, "PATH"), ':')) {
    std::string candidate = (folder.empty() ? std::string(".") : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0 && !IsDir(candidate)) return candidate;
  }
  return Fail(Code::kNotFound, fmt::format("cannot run '{}': no such program in PATH", name));
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Result<Plan> MakePlan(const ProcessSpec& spec) {
  Plan plan;
  plan.argv_text = spec.argv;
  if (plan.argv_text.empty() && !spec.shell.empty()) plan.argv_text = {"/bin/sh", "-c", spec.shell};
  if (plan.argv_text.empty() || plan.argv_text[0].empty()) return Fail(Code::kInvalid, "cannot run '': empty command");
  const auto has_nul = [](const std::string& text) { return text.find('\0') != text.npos; };
  plan.env_text = ChildEnv(spec);
  if (std::any_of(plan.argv_text.begin(), plan.argv_text.end(), has_nul) ||
      std::any_of(plan.env_text.begin(), plan.env_text.end(), has_nul)) {
    return Fail(Code::kInvalid, fmt::format("cannot run '{}': a zero byte in an argument or variable", CommandName(spec)));
  }
  TRY(plan.program, FindProgram(spec, plan.argv_text[0]));
  plan.argv = Pointers(plan.argv_text);
  plan.env = Pointers(plan.env_text);
  plan.cwd = spec.cwd.string();
  if (!plan.cwd.empty() && !IsDir(plan.cwd)) return FileError(fmt::format("run '{}' in", CommandName(spec)), plan.cwd, ENOENT);
  return plan;
}

// Runs in the child, on the parent's memory (vfork): system calls only, no return.
void BecomeProgram(const void* argument) {
  const Plan& plan = *static_cast<const Plan*>(argument);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // it died before the line above
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  bool ok = Guardian::Watch(plan.guardian);
  ok = ok && (plan.cwd.empty() || ::chdir(plan.cwd.c_str()) == 0);
  if (!plan.own_stdin) ok = ok && ::dup2(plan.null_fd, 0) >= 0;
  if (plan.out_fd >= 0) ok = ok && ::dup2(plan.out_fd, 1) >= 0 && ::dup2(plan.error_fd, 2) >= 0;
  ok = ok && ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
  if (ok) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(plan.program.c_str(), plan.argv.data(), plan.env.data());
  }
  const int number = errno;
  [[maybe_unused]] const ssize_t n = ::write(plan.failure_fd, &number, sizeof number);
  ::_exit(127);
}

}  // namespace

Fd AboveStandard(int fd) {
  if (fd < 0 || fd > 2) return Fd(fd);
  const Fd low(fd);
  return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

// vfork instead of fork: its cost does not grow with our memory. Not inlined, so that the child cannot touch a caller's frame.
[[gnu::noinline]] pid_t ForkInto(void (*child)(const void* argument), const void* argument) {
  // No handler may run in the child: it would run on our memory.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    child(argument);
    ::_exit(127);
  }
  const int number = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return pid;
}

std::string CommandName(const ProcessSpec& spec) {
  const std::string& text = spec.argv.empty() ? spec.shell : spec.argv[0];
  return text.size() <= 80 ? text : text.substr(0, 80) + "…";
}

Result<Spawned> Spawn(const ProcessSpec& spec, int out_fd, int error_fd) {
  TRY(Plan plan, MakePlan(spec));
  const std::string name = CommandName(spec);
  const Fd null_fd = AboveStandard(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null_fd.get() < 0) return FileError("open", "/dev/null", errno);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return FileError("run", name, errno);
  const Fd failure_read(ends[0]);
  Fd failure_write = AboveStandard(ends[1]);
  plan.null_fd = null_fd.get();
  plan.own_stdin = spec.own_stdin && !IsTerminal(0) && ::fcntl(0, F_GETFD) >= 0;
  plan.out_fd = out_fd;
  plan.error_fd = error_fd;
  plan.failure_fd = failure_write.get();
  plan.parent = ::getpid();
  TRY(Guardian guardian, Guardian::Start());
  plan.guardian = guardian.socket();
  const pid_t pid = ForkInto(BecomeProgram, &plan);
  if (pid < 0) return FileError("run", name, errno);
  failure_write = Fd();
  int number = 0;
  ssize_t n = 0;
  do {
    n = ::read(failure_read.get(), &number, sizeof number);
  } while (n < 0 && errno == EINTR);
  // Not by glibc's function: the C++ linkage of its header is wrong in 2.36.
  const int pid_fd = n == 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
  if (pid_fd >= 0) return Spawned{pid, pid_fd, std::move(guardian)};
  if (n == 0) {
    number = errno;
    ::kill(-pid, SIGKILL);
  }
  guardian.End();
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return FileError("run", name, number);
}

}  // namespace mlean::os

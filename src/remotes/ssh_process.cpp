#include "remotes/ssh_process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/process.hpp"

extern char** environ;

namespace mlean::remotes {
namespace {

// Answers only what it was made for: never the question whether to trust a host.
constexpr std::string_view kAskPass =
    "#!/bin/sh\n"
    "case \"$1\" in\n"
    "*assphrase*) [ -n \"${MLEAN_SSH_PASSPHRASE+x}\" ] && printf '%s\\n' \"$MLEAN_SSH_PASSPHRASE\" ;;\n"
    "*assword*) [ -n \"${MLEAN_SSH_PASSWORD+x}\" ] && printf '%s\\n' \"$MLEAN_SSH_PASSWORD\" ;;\n"
    "*) exit 1 ;;\n"
    "esac\n";

// Host, port and user as `ssh` is told them.
std::vector<std::string> Destination(const SshTarget& target) {
  std::vector<std::string> args;
  if (!target.port.empty()) args.insert(args.end(), {"-p", target.port});
  if (!target.user.empty()) args.insert(args.end(), {"-l", target.user});
  return args;
}

// Whether the user's configuration leaves it to a person what to do with a host that is not known yet. It is ssh's default, and
// nobody may be there to answer.
bool WouldAskAboutHost(const SshTarget& target) {
  os::ProcessSpec spec{.argv = {"ssh", "-G"}, .capture = true, .timeout_ms = 10'000};
  for (std::string& arg : Destination(target)) spec.argv.push_back(std::move(arg));
  spec.argv.insert(spec.argv.end(), {"--", target.host});
  const Result<os::ProcessOutcome> done = os::RunProcess(spec);
  return done && done->output.find("\nstricthostkeychecking ask\n") != std::string::npos;
}

std::vector<std::string> Arguments(const SshTarget& target) {
  std::vector<std::string> args = {"ssh", "-T", "-x", "-a", "-e", "none"};
  const auto option = [&](std::string text) {
    args.emplace_back("-o");
    args.push_back(std::move(text));
  };
  if (WouldAskAboutHost(target)) option("StrictHostKeyChecking=accept-new");
  option(fmt::format("ConnectTimeout={}", target.timeout_s));
  option("ServerAliveInterval=15");
  option("ServerAliveCountMax=4");
  option("PermitLocalCommand=no");
  option("RemoteCommand=none");
  for (std::string& arg : Destination(target)) args.push_back(std::move(arg));
  if (!target.keyfile.empty()) {
    args.insert(args.end(), {"-i", target.keyfile});
    option("IdentitiesOnly=yes");
  }
  if (!target.use_agent) option("IdentityAgent=none");
  if (target.gss_auth) option("GSSAPIAuthentication=yes");
  if (target.password) {
    // As DVC: with a password only what was configured is tried.
    option(target.keyfile.empty() ? "PreferredAuthentications=keyboard-interactive,password"
                                  : "PreferredAuthentications=publickey,keyboard-interactive,password");
    option("NumberOfPasswordPrompts=1");
  }
  args.insert(args.end(), {"-s", "--", target.host, "sftp"});
  return args;
}

std::vector<std::string> Environment(const SshTarget& target, const std::filesystem::path& ask_pass) {
  std::vector<std::string> variables;
  for (char** at = environ; *at != nullptr; ++at) {
    if (!std::string_view(*at).starts_with("MLEAN_SSH_")) variables.emplace_back(*at);
  }
  if (ask_pass.empty()) return variables;
  std::erase_if(variables,
                [](const std::string& text) { return text.starts_with("SSH_ASKPASS") || text.starts_with("DISPLAY="); });
  variables.push_back("SSH_ASKPASS=" + ask_pass.string());
  variables.emplace_back("SSH_ASKPASS_REQUIRE=force");
  variables.emplace_back("DISPLAY=:0");
  if (target.password) variables.push_back("MLEAN_SSH_PASSWORD=" + *target.password);
  if (target.passphrase) variables.push_back("MLEAN_SSH_PASSPHRASE=" + *target.passphrase);
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Error System(std::string_view what, int number) {
  return Fail(Code::kIo, fmt::format("cannot {}: {}", what, std::generic_category().message(number)));
}

// An unnamed file in memory: nothing of it is left behind by a kill, and no noexec mount stands in its way.
int MemoryFile(const char* name) {
  return static_cast<int>(::syscall(SYS_memfd_create, name, static_cast<unsigned>(MFD_CLOEXEC)));
}

// Runs ssh with `socket` as stdin and stdout and `log` as stderr; 0 or errno.
int Spawn(const SshTarget& target, const std::filesystem::path& ask_pass, int socket, int log, int& pid) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, 0);
  ::posix_spawn_file_actions_adddup2(&actions, socket, 1);
  ::posix_spawn_file_actions_adddup2(&actions, log, 2);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  ::sigemptyset(&none);
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> args = Arguments(target);
  std::vector<std::string> variables = Environment(target, ask_pass);
  const int failed = ::posix_spawnp(&pid, "ssh", &actions, &attributes, Pointers(args).data(), Pointers(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return failed;
}

// The last line of what ssh wrote that is no note on a host it has just come to know.
std::string LastLine(std::string_view text) {
  std::string last;
  for (const std::string_view line : Split(text, '\n')) {
    const std::string_view trimmed = Trim(line);
    if (!trimmed.empty() && !trimmed.starts_with("Warning: Permanently added")) last = trimmed;
  }
  return last;
}

// ssh tells it, with the right file.
std::string CommandToForget(std::string_view text, std::string_view host) {
  const std::size_t at = text.find("ssh-keygen -f");
  if (at == std::string_view::npos) return fmt::format("ssh-keygen -R '{}'", host);
  return std::string(Trim(text.substr(at, text.find('\n', at) - at)));
}

}  // namespace

Result<std::unique_ptr<SshProcess>> SshProcess::Start(const SshTarget& target) {
  std::unique_ptr<SshProcess> process(new SshProcess(target.host));
  std::filesystem::path ask_pass;
  process->log_ = MemoryFile("mlean-ssh-log");
  if (process->log_ < 0) return System("start ssh", errno);
  if (target.password || target.passphrase) {
    process->ask_pass_ = MemoryFile("mlean-ssh-askpass");
    const bool written = process->ask_pass_ >= 0 && ::fchmod(process->ask_pass_, 0700) == 0 &&
                         ::write(process->ask_pass_, kAskPass.data(), kAskPass.size()) == static_cast<ssize_t>(kAskPass.size());
    if (!written) return System("start ssh", errno);
    ask_pass = fmt::format("/proc/{}/fd/{}", ::getpid(), process->ask_pass_);
  }
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return System("start ssh", errno);
  process->socket_ = pair[0];
  const timeval limit{.tv_sec = target.timeout_s, .tv_usec = 0};
  ::setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int failed = Spawn(target, ask_pass, pair[1], process->log_, process->pid_);
  ::close(pair[1]);
  if (failed == 0) return process;
  process->pid_ = -1;
  if (failed != ENOENT) return System("start ssh", failed);
  return Fail(Code::kUnsupported, fmt::format("cannot connect to '{}': the program ssh is not installed", target.host),
              "apt-get install openssh-client");
}

SshProcess::~SshProcess() {
  constexpr int kPatienceMs = 1000;
  HangUp();
  for (int waited = 0; pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0; waited += 10) {
    if (waited == kPatienceMs) ::kill(pid_, SIGKILL);
    ::poll(nullptr, 0, 10);
  }
  for (const int fd : {socket_, log_, ask_pass_}) {
    if (fd >= 0) ::close(fd);
  }
}

void SshProcess::HangUp() noexcept {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

bool SshProcess::Read(char* bytes, std::size_t size, const std::function<bool()>& go_on) {
  constexpr int kAskEveryMs = 200;
  while (size > 0) {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kAskEveryMs);
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) {
      if (!go_on()) return false;
      continue;
    }
    const ssize_t got = ::recv(socket_, bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool SshProcess::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

Error SshProcess::Cause() const {
  std::string text(4096, '\0');
  const off_t size = ::lseek(log_, 0, SEEK_END);
  const ssize_t got = ::pread(log_, text.data(), text.size(), std::max<off_t>(0, size - static_cast<off_t>(text.size())));
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::string last = LastLine(text);
  if (text.find("REMOTE HOST IDENTIFICATION HAS CHANGED") != std::string::npos) {
    return Fail(Code::kDenied,
                fmt::format("cannot reach '{}' by ssh: Host key verification failed: the key of the host is not the one that is "
                            "remembered; if that is right, forget the old one: {}",
                            name_, CommandToForget(text, name_)));
  }
  Code code = Code::kIo;
  for (const std::string_view refused :
       {"Permission denied", "Host key verification failed", "Too many authentication failures"}) {
    if (text.find(refused) != std::string::npos) code = Code::kDenied;
  }
  if (text.find("subsystem request failed") != std::string::npos) code = Code::kUnsupported;
  return Fail(code, fmt::format("cannot reach '{}' by ssh: {}", name_, last.empty() ? "the connection was closed" : last));
}

}  // namespace mlean::remotes

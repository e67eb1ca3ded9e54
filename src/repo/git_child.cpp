#include "repo/git_child.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/git_object.hpp"

extern char** environ;

namespace mlean::repo {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::size_t kMaxHead = 8192;
constexpr time_t kAnswerSeconds = 60;

// posix_spawn's objects, freed in any case.
struct Plan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  Plan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~Plan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
};

// Our environment, with git asking nobody and speaking English.
std::vector<std::string> GitEnvironment() {
  std::vector<std::string> out;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const auto names = {"GIT_OPTIONAL_LOCKS=", "GIT_TERMINAL_PROMPT=", "LC_ALL="};
    if (std::none_of(names.begin(), names.end(), [&](const char* name) { return entry.starts_with(name); }))
      out.emplace_back(entry);
  }
  out.insert(out.end(), {"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"});
  return out;
}

// 0 or an errno.
int Spawn(const std::string& dir, int end, int log, pid_t& pid) {
  Plan plan;
  ::posix_spawn_file_actions_adddup2(&plan.actions, end, 0);
  ::posix_spawn_file_actions_adddup2(&plan.actions, end, 1);
  ::posix_spawn_file_actions_adddup2(&plan.actions, log, 2);
  sigset_t none;
  ::sigemptyset(&none);
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  // A group of its own: Ctrl-C is ours to handle.
  ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> arguments = {"git", "-C", dir, "cat-file", "--batch"};
  std::vector<std::string> environment = GitEnvironment();
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
  };
  return ::posix_spawnp(&pid, "git", &plan.actions, &plan.attributes, pointers(arguments).data(), pointers(environment).data());
}

}  // namespace

Result<GitChild> GitChild::Start(const std::filesystem::path& dir) {
  GitChild child;
  child.dir_ = dir.string();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return os::FileError("run", "git", errno);
  child.socket_ = ends[0];
  child.log_ = ::memfd_create("git", MFD_CLOEXEC);
  const timeval limit{kAnswerSeconds, 0};
  int number = child.log_ < 0 || ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ? errno : 0;
  if (number == 0) number = Spawn(child.dir_, ends[1], child.log_, child.pid_);
  ::close(ends[1]);
  if (number == 0) return child;
  child.pid_ = -1;
  return Fail(number == ENOENT ? Code::kNotFound : Code::kIo, fmt::format("cannot run git: {}", std::strerror(number)));
}

GitChild::GitChild(GitChild&& other) noexcept
    : dir_(std::move(other.dir_)),
      pid_(std::exchange(other.pid_, -1)),
      socket_(std::exchange(other.socket_, -1)),
      log_(std::exchange(other.log_, -1)),
      buffer_(std::move(other.buffer_)),
      at_(std::exchange(other.at_, 0)) {}

GitChild& GitChild::operator=(GitChild&& other) noexcept {
  if (this == &other) return *this;
  Stop();
  dir_ = std::move(other.dir_);
  pid_ = std::exchange(other.pid_, -1);
  socket_ = std::exchange(other.socket_, -1);
  log_ = std::exchange(other.log_, -1);
  buffer_ = std::move(other.buffer_);
  at_ = std::exchange(other.at_, 0);
  return *this;
}

GitChild::~GitChild() { Stop(); }

void GitChild::Stop() noexcept {
  for (int* fd : {&socket_, &log_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);  // it only reads
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

Error GitChild::Ended() const {
  std::array<char, 4096> said{};
  const ssize_t size = ::pread(log_, said.data(), said.size(), 0);
  std::string_view text = Trim(std::string_view(said.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  text = text.substr(0, text.find('\n'));
  return Fail(Code::kIo, fmt::format("cannot read git objects of '{}': {}", dir_, text.empty() ? "git has ended" : text));
}

Result<void> GitChild::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Ended();
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> GitChild::Fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kPiece);
  ssize_t got = 0;
  do {
    got = ::recv(socket_, buffer_.data() + before, kPiece, 0);
  } while (got < 0 && errno == EINTR);
  const int number = errno;
  buffer_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got > 0) return {};
  if (got < 0 && (number == EAGAIN || number == EWOULDBLOCK)) {
    return Fail(Code::kTimeout, fmt::format("cannot read git objects of '{}': no answer in a minute", dir_));
  }
  return Ended();
}

Result<std::string> GitChild::Take(std::size_t size) {
  std::string out;
  out.reserve(size);
  while (out.size() < size) {
    if (at_ == buffer_.size()) TRYV(Fill());
    const std::size_t part = std::min(size - out.size(), buffer_.size() - at_);
    out.append(buffer_, at_, part);
    at_ += part;
  }
  return out;
}

Result<std::optional<GitObject>> GitChild::Get(std::string_view name, std::uint64_t max_bytes) {
  CHECK_BUG(name.find('\n') == name.npos);
  TRYV(Send(std::string(name) + "\n"));
  std::size_t end = 0;
  while ((end = buffer_.find('\n', at_)) == buffer_.npos) {
    if (buffer_.size() - at_ > kMaxHead) return Fail(Code::kIo, "cannot read git objects: git gives no sense");
    TRYV(Fill());
  }
  const std::string head = buffer_.substr(at_, end - at_);
  at_ = end + 1;
  if (head.ends_with(" missing")) return std::optional<GitObject>();
  if (head.ends_with(" ambiguous"))
    return Fail(Code::kInvalid, fmt::format("ambiguous Git revision '{}'", name.substr(0, name.rfind('^'))));
  const std::vector<std::string> parts = Split(head, ' ');
  const std::optional<std::int64_t> size = parts.size() == 3 ? ParseInt(parts[2]) : std::nullopt;
  // "<id> submodule" and whatever later versions say: no object of this repository.
  if (!size || *size < 0 || !IsGitId(parts[0])) return std::optional<GitObject>();
  if (static_cast<std::uint64_t>(*size) > max_bytes) {
    return Fail(Code::kTooLarge, fmt::format("cannot read git object '{}': it has {} bytes", parts[0], *size));
  }
  GitObject object{parts[0], parts[1], {}};
  TRY(object.bytes, Take(static_cast<std::size_t>(*size)));
  TRYV(Take(1));  // a newline
  return std::optional(std::move(object));
}

}  // namespace mlean::repo

#include "os/machine.hpp"

#include <fmt/core.h>
#include <malloc.h>
#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::os {
namespace {

std::string Content(const std::filesystem::path& path) { return ReadFile(path, 16 << 20).value_or(""); }

// The value of the first line that starts with `key` (blanks before the separator allowed), "" when there is none.
std::string ValueOf(std::string_view text, std::string_view key, char separator) {
  for (const std::string& line : Split(text, '\n')) {
    const std::size_t at = line.find(separator);
    if (at != line.npos && Trim(std::string_view(line).substr(0, at)) == key)
      return std::string(Trim(std::string_view(line).substr(at + 1)));
  }
  return "";
}

std::uint64_t KbOf(std::string_view text, std::string_view key) {
  const std::string value = ValueOf(text, key, ':');
  return static_cast<std::uint64_t>(ParseInt(value.substr(0, value.find(' '))).value_or(0)) * 1024;
}

// Calls `look` with the content of `name` in this process's cgroup (v2) and in every one above it.
void ForEachCgroup(const char* name, const std::function<void(std::string_view)>& look) {
  const std::string membership = Content("/proc/self/cgroup");
  for (const std::string& line : Split(membership, '\n')) {
    if (!line.starts_with("0::/")) continue;
    std::filesystem::path group = std::filesystem::path("/sys/fs/cgroup") / line.substr(4);
    for (int depth = 0; depth < 64; ++depth, group = group.parent_path()) {
      look(Trim(Content(group / name)));
      if (group == "/sys/fs/cgroup" || !group.has_relative_path()) break;
    }
    return;
  }
}

std::string OsName() {
  std::string name = ValueOf(Content("/etc/os-release"), "PRETTY_NAME", '=');
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  return name;
}

std::uint64_t MemoryBytes() {
  std::uint64_t bytes = KbOf(Content("/proc/meminfo"), "MemTotal");
  ForEachCgroup("memory.max", [&](std::string_view text) {
    const auto limit = ParseInt(text);
    if (limit && *limit > 0) bytes = std::min(bytes, static_cast<std::uint64_t>(*limit));
  });
  return bytes;
}

}  // namespace

std::string UserName() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(::geteuid());
}

int CoresUnderLimit(std::string_view cpu_max, int online) {
  const std::size_t blank = cpu_max.find(' ');
  if (blank == cpu_max.npos) return online;
  const auto quota = ParseInt(cpu_max.substr(0, blank));
  const auto period = ParseInt(cpu_max.substr(blank + 1));
  if (!quota || !period || *quota <= 0 || *period <= 0) return online;
  const std::int64_t cores = *quota / *period + (*quota % *period != 0 ? 1 : 0);
  return static_cast<int>(std::clamp<std::int64_t>(cores, 1, online));
}

int Cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cores = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  cores = std::max(cores, 1);
  ForEachCgroup("cpu.max", [&](std::string_view text) { cores = CoresUnderLimit(text, cores); });
  return cores;
}

Machine DescribeMachine() {
  utsname names{};
  ::uname(&names);
  return {.hostname = names.nodename,
          .user = UserName(),
          .os_name = OsName(),
          .kernel = names.release,
          .cpu_model = ValueOf(Content("/proc/cpuinfo"), "model name", ':'),
          .cores = Cores(),
          .memory_bytes = MemoryBytes()};
}

std::uint64_t RssBytes() {
  const std::vector<std::string> fields = Split(Content("/proc/self/statm"), ' ');
  return fields.size() < 2 ? 0 : static_cast<std::uint64_t>(ParseInt(fields[1]).value_or(0) * ::sysconf(_SC_PAGESIZE));
}

std::uint64_t PeakRssBytes() { return KbOf(Content("/proc/self/status"), "VmHWM"); }

namespace {

// Resident memory beside what the heap has in use: code, other allocators, and what the heap keeps though it was freed.
std::uint64_t SpareBytes() {
  const struct mallinfo2 heap = ::mallinfo2();
  const std::uint64_t resident = RssBytes();
  return resident - std::min<std::uint64_t>(resident, heap.uordblks + heap.hblkhd);
}

}  // namespace

void ReturnFreeMemory() {
  constexpr std::uint64_t kWorth = 24ull << 20;
  static std::atomic<std::uint64_t> tried = 0;  // with so much spare there was nothing to give back
  const std::uint64_t spare = SpareBytes();
  tried.store(std::min(tried.load(), spare));
  if (spare < tried.load() + kWorth) return;
  ::malloc_trim(0);
  const std::uint64_t left = SpareBytes();
  tried.store(left + kWorth / 2 < spare ? 0 : left);
}

std::uint64_t FreeDiskBytes(const std::filesystem::path& path) {
  struct statvfs st {};
  return ::statvfs(path.c_str(), &st) == 0 ? static_cast<std::uint64_t>(st.f_bavail) * st.f_frsize : 0;
}

std::filesystem::path ExecutablePath() {
  std::error_code failure;
  return std::filesystem::read_symlink("/proc/self/exe", failure);
}

}  // namespace mlean::os

// Facts about this machine and this process, for run records, `status` and pool sizes. What cannot be read is empty or 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace mlean::os {

struct Machine {
  std::string hostname;
  std::string user;     // name of the effective user, else its number
  std::string os_name;  // PRETTY_NAME of /etc/os-release
  std::string kernel;   // "6.1.0-18-amd64"
  std::string cpu_model;
  int cores = 1;                   // usable by this process: affinity and cgroup cpu.max, rounded up
  std::uint64_t memory_bytes = 0;  // of the machine, or of the cgroup when that is less
};
Machine DescribeMachine();

std::string UserName();  // as in Machine
int Cores();
std::uint64_t RssBytes();
std::uint64_t PeakRssBytes();
// Gives the kernel back what the heap has kept of memory that was freed, when it is much. For a thread that nobody waits for, now
// and then: it takes milliseconds.
void ReturnFreeMemory();
std::uint64_t FreeDiskBytes(const std::filesystem::path& path);  // for this user
std::filesystem::path ExecutablePath();

// Cores under a cgroup v2 limit "max 100000" or "150000 100000" (quota and period in µs), at least 1. Anything else: `online`.
int CoresUnderLimit(std::string_view cpu_max, int online);

}  // namespace mlean::os

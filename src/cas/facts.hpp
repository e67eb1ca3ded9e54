// FileFacts from the structure that stat fills.
#pragma once

#include <sys/stat.h>

#include "cas/scanner.hpp"

namespace mlean::cas {

inline FileFacts FactsFromStat(const struct stat& st) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  FileFacts facts;
  facts.size = static_cast<std::uint64_t>(st.st_size);
  facts.inode = st.st_ino;
  facts.mtime_ns = st.st_mtim.tv_sec * kSecondNs + st.st_mtim.tv_nsec;
  facts.ctime_ns = st.st_ctim.tv_sec * kSecondNs + st.st_ctim.tv_nsec;
  facts.device = static_cast<std::uint32_t>(st.st_dev ^ (st.st_dev >> 32));
  facts.mode = static_cast<std::uint16_t>(st.st_mode & 07777);
  facts.is_hard_linked = st.st_nlink > 1;
  return facts;
}

}  // namespace mlean::cas

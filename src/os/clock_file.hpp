// FileClock: simulated time shared by processes. The time is an int64 (milliseconds, machine byte order) in an 8-byte file that
// each process maps; Set() in one is seen by Now() in all at once. Reading costs one load.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.hpp"

namespace mlean::os {

class FileClock final : public Clock {
 public:
  // Makes (or replaces) the file.
  static Result<std::unique_ptr<FileClock>> Create(const std::filesystem::path& path, TimeMs start);
  // kCorrupt when the file is not 8 bytes long.
  static Result<std::unique_ptr<FileClock>> Open(const std::filesystem::path& path);
  ~FileClock() override;
  FileClock(const FileClock&) = delete;
  FileClock& operator=(const FileClock&) = delete;

  TimeMs Now() const override;
  void Set(TimeMs now);

 private:
  explicit FileClock(TimeMs* shared) : shared_(shared) {}
  TimeMs* shared_;  // mapped, shared
};

}  // namespace mlean::os

// TestFolder: a temporary folder for the tests of this room.
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "cas/temp_name.hpp"
#include "os/files.hpp"

namespace mlean::cas {

class TestFolder : public testing::Test {
 protected:
  void Write(const std::filesystem::path& path, std::string_view text) {
    ASSERT_TRUE(os::MakeDirs((dir_ / path).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(dir_ / path, text, {.sync = false}));
  }
  std::string Read(const std::filesystem::path& path) { return *os::ReadFile(dir_ / path); }
  std::uint32_t Mode(const std::filesystem::path& path) { return os::Stat(dir_ / path)->mode; }
  static bool NoTemps(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (IsTempName(entry.path().filename().native())) return false;
    }
    return true;
  }

  os::TempDir temp_ = *os::TempDir::Make();
  std::filesystem::path dir_ = temp_.path();
};

}  // namespace mlean::cas

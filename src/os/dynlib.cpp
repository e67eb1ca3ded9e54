#include "os/dynlib.hpp"

#include <dlfcn.h>
#include <fmt/core.h>

#include <cstdlib>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/machine.hpp"

namespace mlean::os {
namespace {

std::string LastDlError() {
  const char* const text = ::dlerror();
  return text != nullptr ? text : "unknown cause";
}

}  // namespace

std::vector<std::filesystem::path> LibraryFolders() {
  std::vector<std::filesystem::path> folders;
  const char* const from_env = std::getenv("MLEAN_LIB_DIR");
  if (from_env != nullptr && *from_env != '\0') folders.emplace_back(from_env);
  const std::filesystem::path own = ExecutablePath().parent_path();
  for (const char* const relative : {"", "lib", "../lib", "../../.deps/duckdb", "../.deps/duckdb"}) {
    folders.push_back(*relative == '\0' ? own : (own / relative).lexically_normal());
  }
  return folders;
}

Result<Library> Library::Open(std::span<const std::string_view> names, std::string_view what_for, std::string_view fix) {
  CHECK_BUG(!names.empty());
  const std::vector<std::filesystem::path> folders = LibraryFolders();
  const auto load = [&](const std::string& path) -> void* { return ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); };
  for (const std::string_view name : names) {
    for (const std::filesystem::path& folder : folders) {
      const std::string path = (folder / name).string();
      if (!Exists(path)) continue;
      if (void* const handle = load(path); handle != nullptr) return Library(handle, path);
      return Fail(Code::kIo, fmt::format("cannot open library '{}' (needed to {}): {}", path, what_for, LastDlError()),
                  std::string(fix));
    }
    if (void* const handle = load(std::string(name)); handle != nullptr) return Library(handle, std::string(name));
  }
  std::vector<std::string> searched;
  for (const std::filesystem::path& folder : folders) searched.push_back(folder.string());
  return Fail(Code::kNotFound,
              fmt::format("cannot open library '{}' (needed to {}): not found in {} or where the system's loader looks", names[0],
                          what_for, Join(searched, ", ")),
              std::string(fix));
}

Result<void*> Library::Find(const char* name) const {
  ::dlerror();
  void* const address = ::dlsym(handle_, name);
  if (address == nullptr) {
    return Fail(Code::kUnsupported, fmt::format("cannot use library '{}': it has no '{}' ({})", path_, name, LastDlError()));
  }
  return address;
}

}  // namespace mlean::os

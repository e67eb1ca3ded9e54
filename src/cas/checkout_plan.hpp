// What a checkout has found out and will do. Used by CheckoutPlan only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "cas/checkout.hpp"

namespace mlean::cas {

struct CheckoutPlan::Data {
  enum class Kind : std::uint8_t { kAdd, kReplace, kRelink };
  struct Creation {
    std::uint32_t file = 0;  // index into `want`
    std::uint32_t old = 0;   // index into `olds`; for kAdd nothing
    Kind kind = Kind::kAdd;
  };
  struct Removal {
    std::string path;  // relative to `base`
    FileFacts facts;
  };

  Data(ObjectStore& objects, std::filesystem::path path, const CheckoutOptions& chosen)
      : store(objects), target(std::move(path)), base(target), options(chosen) {}

  ObjectStore& store;
  std::filesystem::path target;
  std::filesystem::path base;  // paths are relative to it: the folder, or the parent of a single file
  CheckoutOptions options;
  bool legacy = false;
  bool exec = false;  // of a single file
  Tree want;          // under `base`

  std::vector<std::string> obstacles;  // what is no file or folder and stands in the way; absolute
  std::vector<Removal> removals;
  std::vector<std::string> folders;  // to be removed when empty; absolute, the deepest first
  bool make_target = false;          // the folder itself
  std::vector<Creation> creations;
  std::vector<FileFacts> olds;
  bool chmod = false;  // the target, for its owner to execute

  // What stays as it is: for remembering the folder as a whole afterwards.
  HashState::FolderSum kept;
  FileFacts newest_kept;
  bool remember_folder = false;
  Md5 folder_md5{};

  std::vector<std::string> unsaved;
  CheckoutResult result;
};

}  // namespace mlean::cas

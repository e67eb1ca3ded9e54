// Inside of this folder: MLflow's meta.yaml, a flat mapping; scalars as their text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "track/types.hpp"

namespace mlean::flows::migrate_mlflow {

class MetaFile {
 public:
  // `folder`/meta.yaml; kNotFound when it is not there.
  static Result<MetaFile> Read(const std::filesystem::path& folder);

  std::string Text(std::string_view key) const;  // "" for null and what is not there
  std::optional<std::string> MaybeText(std::string_view key) const;
  std::int64_t Int(std::string_view key) const;  // 0 likewise
  std::optional<std::int64_t> MaybeInt(std::string_view key) const;
  std::vector<track::Tag> Pairs(std::string_view key) const;  // of a mapping below

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> scalars_;
  std::vector<std::pair<std::string, std::vector<track::Tag>>> mappings_;
};

// The files of a folder of params or tags: key (a path) and content.
Result<std::vector<track::Tag>> ReadPairFiles(const std::filesystem::path& folder);
// The names of folders in `folder`, sorted; none when it is not there. Hidden ones are left out.
Result<std::vector<std::string>> FoldersIn(const std::filesystem::path& folder);

}  // namespace mlean::flows::migrate_mlflow

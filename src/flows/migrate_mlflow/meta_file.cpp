#include "flows/migrate_mlflow/meta_file.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "os/files.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr std::uint64_t kMaxMeta = std::uint64_t{32} << 20;  // a dataset's profile is in it
constexpr std::uint64_t kMaxValue = std::uint64_t{4} << 20;

template <class List>
auto FindKey(const List& list, std::string_view key) -> decltype(&list.front().second) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.first == key; });
  return found == list.end() ? nullptr : &found->second;
}

}  // namespace

Result<MetaFile> MetaFile::Read(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "meta.yaml";
  TRY(const std::string text, os::ReadFile(file, kMaxMeta));
  TRY(const codec::YamlDocument document, codec::YamlDocument::Parse(text, file.string()));
  MetaFile out;
  for (const codec::YamlMember& member : document.root().members) {
    const codec::YamlNode& value = member.value;
    if (value.IsScalar()) out.scalars_.emplace_back(member.key.text, value.text);
    if (!value.IsMapping()) continue;
    std::vector<track::Tag> pairs;
    for (const codec::YamlMember& one : value.members)
      pairs.push_back({one.key.text, one.value.IsScalar() ? one.value.text : ""});
    out.mappings_.emplace_back(member.key.text, std::move(pairs));
  }
  return out;
}

std::optional<std::string> MetaFile::MaybeText(std::string_view key) const {
  const auto* const found = FindKey(scalars_, key);
  return found == nullptr ? std::nullopt : *found;
}

std::string MetaFile::Text(std::string_view key) const { return MaybeText(key).value_or(""); }

std::optional<std::int64_t> MetaFile::MaybeInt(std::string_view key) const {
  const std::optional<std::string> text = MaybeText(key);
  return text ? ParseInt(*text) : std::nullopt;
}

std::int64_t MetaFile::Int(std::string_view key) const { return MaybeInt(key).value_or(0); }

std::vector<track::Tag> MetaFile::Pairs(std::string_view key) const {
  const auto* const found = FindKey(mappings_, key);
  return found == nullptr ? std::vector<track::Tag>{} : *found;
}

Result<std::vector<track::Tag>> ReadPairFiles(const std::filesystem::path& folder) {
  std::vector<track::Tag> out;
  if (!os::IsDir(folder)) return out;
  TRY(const std::vector<os::TreeEntry> entries, os::ListTree(folder));
  for (const os::TreeEntry& entry : entries) {
    if (entry.stat.kind != os::FileKind::kFile) continue;
    TRY(std::string text, os::ReadFile(folder / entry.path, kMaxValue));
    out.push_back({entry.path, std::move(text)});
  }
  return out;
}

Result<std::vector<std::string>> FoldersIn(const std::filesystem::path& folder) {
  if (!os::IsDir(folder)) return std::vector<std::string>{};
  TRY(std::vector<std::string> names, os::ListDir(folder));
  std::erase_if(names, [&](const std::string& name) { return name.starts_with(".") || !os::IsDir(folder / name); });
  return names;
}

}  // namespace mlean::flows::migrate_mlflow

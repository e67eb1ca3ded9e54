#include "flows/data/fetched_imports.hpp"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "cas/object_id.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

std::optional<std::uint64_t> Number(const std::string& text) {
  const std::optional<std::int64_t> number = ParseInt(text);
  return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

}  // namespace

FetchedImports FetchedImports::Open(std::filesystem::path file) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{4} << 20;
  FetchedImports imports;
  const Result<std::string> text = os::ReadFile(file, kMaxBytes);
  imports.file_ = std::move(file);
  if (!text) return imports;
  for (const std::string& line : Split(*text, '\n')) {
    const std::vector<std::string> words = Split(line, ' ');
    if (words.size() != 4 || !cas::ObjectId::Parse(words[1])) continue;
    pipeline::Content content{.hash = words[1]};
    content.size = Number(words[2]);
    content.nfiles = Number(words[3]);
    imports.entries_.insert_or_assign(words[0], std::move(content));
  }
  return imports;
}

std::optional<pipeline::Content> FetchedImports::Find(const pipeline::Stage& import) const {
  const auto found = entries_.find(Md5Hex(import.text));
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

void FetchedImports::Put(const pipeline::Stage& import, const pipeline::Content& content) {
  const std::optional<pipeline::Content> before = Find(import);
  if (before && before->SameAs(content)) return;
  if (entries_.size() >= kMost) entries_.clear();
  entries_.insert_or_assign(Md5Hex(import.text), content);
  changed_ = true;
}

Result<void> FetchedImports::Save() {
  if (!changed_) return {};
  const auto shown = [](const std::optional<std::uint64_t>& number) { return number ? fmt::format("{}", *number) : "-"; };
  std::string text;
  for (const auto& [key, content] : entries_) {
    text += fmt::format("{} {} {} {}\n", key, content.hash, shown(content.size), shown(content.nfiles));
  }
  TRYV(os::MakeDirs(file_.parent_path()));
  TRYV(os::WriteFileAtomic(file_, text));
  changed_ = false;
  return {};
}

}  // namespace mlean::flows

#include "cas/link_record.hpp"

#include <fmt/core.h>

#include <cstring>

#include "base/digest.hpp"
#include "cas/dir_parser.hpp"
#include "cas/state_key.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

// The header, entries, and the md5 of all that in hex. An entry is two numbers, a length and a path; numbers in the machine's
// order.
constexpr std::string_view kHeader = "mlean links 1\n";
constexpr std::size_t kTrailer = 32;
constexpr std::size_t kMaxPath = 1 << 16;
constexpr std::uint64_t kMaxFile = std::uint64_t{256} << 20;

template <class T>
void Append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool Take(std::string_view& text, T& value) {
  if (text.size() < sizeof value) return false;
  std::memcpy(&value, text.data(), sizeof value);
  text.remove_prefix(sizeof value);
  return true;
}

}  // namespace

std::map<std::string, LinkRecord::Entry> LinkRecord::Parse(std::string_view bytes) {
  std::map<std::string, Entry> entries;
  if (bytes.size() < kHeader.size() + kTrailer || !bytes.starts_with(kHeader)) return {};
  const std::string_view body = bytes.substr(0, bytes.size() - kTrailer);
  if (Md5Hex(body) != bytes.substr(body.size())) return {};
  std::string_view text = body.substr(kHeader.size());
  while (!text.empty()) {
    Entry entry;
    std::uint32_t length = 0;
    const bool whole = Take(text, entry.inode) && Take(text, entry.digest) && Take(text, length) && length > 0 &&
                       length <= kMaxPath && length <= text.size();
    if (!whole) return {};
    if (!IsInsidePath(text.substr(0, length))) return {};
    entries.emplace(text.substr(0, length), entry);
    text.remove_prefix(length);
  }
  return entries;
}

Result<LinkRecord> LinkRecord::Open(const fs::path& file, const fs::path& root) {
  LinkRecord record;
  record.file_ = file;
  record.root_ = root;
  if (const Result<std::string> bytes = os::ReadFile(file, kMaxFile); bytes) record.entries_ = Parse(*bytes);
  return record;
}

Result<LinkRecord::Entry> LinkRecord::EntryOf(const fs::path& path, const IgnoreRule& ignored) {
  TRY(const os::FileStat stat, os::StatLink(path));
  Entry entry;
  entry.inode = stat.inode;
  if (!os::IsDir(path)) {
    TRY(const FileFacts facts, FactsOf(path));
    entry.digest = Mix(1, static_cast<std::uint64_t>(facts.mtime_ns));
    return entry;
  }
  TRY(const Listing listing,
      ScanTree(path, {.ignored = ignored, .refuse_dvcignore = false, .sorted = false, .broken_links = true}));
  for (std::size_t i = 0; i < listing.size(); ++i) {
    entry.digest += Mix(HashWholePath(listing.path(i)), static_cast<std::uint64_t>(listing.facts(i).mtime_ns));
  }
  return entry;
}

Result<void> LinkRecord::Note(const fs::path& path, const IgnoreRule& ignored) {
  TRY(const Entry entry, EntryOf(path, ignored));
  const auto [at, is_new] = entries_.try_emplace(path.lexically_relative(root_).native(), entry);
  changed_ = changed_ || is_new || !(at->second == entry);
  at->second = entry;
  return {};
}

void LinkRecord::Forget(const fs::path& path) {
  changed_ = entries_.erase(path.lexically_relative(root_).native()) > 0 || changed_;
}

Result<std::vector<fs::path>> LinkRecord::Unused(const std::set<fs::path>& used,
                                                 const std::function<IgnoreRule(const fs::path& path)>& rule_for) const {
  std::vector<fs::path> unused;
  for (const auto& [name, recorded] : entries_) {
    fs::path path = root_ / name;
    if (used.contains(path)) continue;
    const Result<Entry> now = EntryOf(path, rule_for ? rule_for(path) : IgnoreRule());
    // What cannot be looked at is not ours to remove.
    if (now && *now == recorded) unused.push_back(std::move(path));
  }
  return unused;
}

Result<void> LinkRecord::Save() {
  if (!changed_ || file_.empty()) return {};
  std::string out(kHeader);
  for (const auto& [name, entry] : entries_) {
    Append(out, entry.inode);
    Append(out, entry.digest);
    Append(out, static_cast<std::uint32_t>(name.size()));
    out += name;
  }
  out += Md5Hex(out);
  if (file_.has_parent_path()) TRYV(os::MakeDirs(file_.parent_path()));
  TRYV(os::WriteFileAtomic(file_, out, {.mode = 0666, .sync = false}));
  changed_ = false;
  return {};
}

}  // namespace mlean::cas

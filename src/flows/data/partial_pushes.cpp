#include "flows/data/partial_pushes.hpp"

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::flows {

PartialPushes PartialPushes::Open(std::filesystem::path file) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;
  PartialPushes pushes;
  const Result<std::string> text = os::ReadFile(file, kMaxBytes);
  pushes.file_ = std::move(file);
  if (!text) return pushes;
  for (const std::string& line : Split(*text, '\n')) {
    const std::size_t blank = line.find(' ');
    if (blank != line.npos) pushes.entries_.emplace(line.substr(0, blank), line.substr(blank + 1));
  }
  return pushes;
}

void PartialPushes::Add(const cas::ObjectId& folder, const std::string& url) {
  changed_ = entries_.emplace(Key(folder), url).second || changed_;
}

void PartialPushes::Remove(const cas::ObjectId& folder, const std::string& url) {
  changed_ = entries_.erase({Key(folder), url}) > 0 || changed_;
}

Result<void> PartialPushes::Save() {
  if (!changed_) return {};
  std::string text;
  for (const auto& [folder, url] : entries_) text += folder + " " + url + "\n";
  TRYV(os::MakeDirs(file_.parent_path()));
  TRYV(os::WriteFileAtomic(file_, text));
  changed_ = false;
  return {};
}

}  // namespace mlean::flows

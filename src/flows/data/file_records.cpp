#include "flows/data/file_records.hpp"

#include <sys/stat.h>

#include <optional>
#include <utility>

namespace mlean::flows {
namespace fs = std::filesystem;

cas::Tree TreeOfRecords(const std::vector<pipeline::FileRecord>& files) {
  cas::Tree tree;
  tree.Reserve(files.size());
  for (const pipeline::FileRecord& file : files) {
    if (const std::optional<cas::Md5> md5 = cas::ParseMd5(file.content.hash)) tree.Add(file.relpath, *md5);
  }
  tree.Seal();
  return tree;
}

std::vector<pipeline::FileRecord> FileRecordsOf(const cas::Tree& tree, const fs::path& folder, const std::string& hash_name) {
  std::vector<pipeline::FileRecord> files;
  files.reserve(tree.size());
  for (const cas::TreeFile& file : tree) {
    pipeline::FileRecord record;
    record.relpath = file.path;
    record.content.hash_name = hash_name;
    record.content.hash = cas::HexOf(file.md5);
    struct stat found {};
    if (::stat((folder / file.path).c_str(), &found) == 0) {
      record.content.size = static_cast<std::uint64_t>(found.st_size);
      record.content.is_exec = (found.st_mode & S_IXUSR) != 0;
    }
    files.push_back(std::move(record));
  }
  return files;
}

}  // namespace mlean::flows

// PartialPushes: folders of which only a part was sent to a remote, together with their .dir object (`push data/sub`).
//
// Everybody takes a .dir on a remote as proof that its files are there, so the rest of such a folder would never be sent. This
// program remembers them and looks for the rest when the whole folder is pushed. One small file of lines "<object> <url>"; it
// makes a push more careful, never less, and may be deleted.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "cas/object_id.hpp"

namespace mlean::flows {

class PartialPushes {
 public:
  // A file that is not there or cannot be read counts as empty.
  static PartialPushes Open(std::filesystem::path file);

  bool Has(const cas::ObjectId& folder, const std::string& url) const { return entries_.contains({Key(folder), url}); }
  void Add(const cas::ObjectId& folder, const std::string& url);
  void Remove(const cas::ObjectId& folder, const std::string& url);
  // Writes the file when it has changed.
  Result<void> Save();

 private:
  static std::string Key(const cas::ObjectId& folder) { return folder.Key(); }
  std::filesystem::path file_;
  std::set<std::pair<std::string, std::string>> entries_;
  bool changed_ = false;
};

}  // namespace mlean::flows

// IgnoreFolder: the ignore rules that hold for the entries of one folder, those of the folders above included. Two dialects make
// them: dvc_ignore.hpp (.dvcignore) and git_ignore.hpp (.gitignore). Made for walks:
//
//   void Walk(const IgnoreFolder& rules, fs::path dir) {
//     for (entry : dir)
//       if (!rules.Ignores(entry.name, entry.is_dir)) { … if (entry.is_dir) { TRY(auto inner, rules.Enter(entry.name));
//       Walk(*inner, …
//
// Ignores() assumes that the folder itself is not ignored. Objects are immutable and may be used by any number of threads; they
// share their rules, so they are cheap to make and to keep.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace mlean::repo {

class IgnoreFolder {
 public:
  virtual ~IgnoreFolder() = default;
  // Whether the entry `name` (one path component) is ignored. A link to a folder counts as a folder for .dvcignore (`is_dir`
  // true) and as a file for .gitignore.
  virtual bool Ignores(std::string_view name, bool is_dir) const = 0;
  // The rules inside the sub-folder `name`; reads its ignore file when there is one. A name that is not there is no error.
  virtual Result<std::shared_ptr<const IgnoreFolder>> Enter(std::string_view name) const = 0;
};
using IgnoreFolderPtr = std::shared_ptr<const IgnoreFolder>;

}  // namespace mlean::repo

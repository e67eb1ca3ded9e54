// Checkout: makes files and folders of the workspace hold objects of the cache.
//
// In two steps, so that a command can look at all its targets before it touches one:
//
//   TRY(cas::CheckoutPlan plan, cas::CheckoutPlan::Make(store, info, target, {.ignored = ignored}));
//   if (!plan.unsaved().empty() && !force) … DVC: "Can't remove the following unsaved files without confirmation. …"
//   TRY(const cas::CheckoutResult done, plan.Apply());
//
// Files are made under temporary names and renamed; files that match already are left alone; files that the object does not name
// are removed, and folders that have become empty; ignored files stay. Objects that are missing are told, the rest is done. A
// writable object is hashed before it is used. A single file is made executable when its info says so; members of folders that
// are made anew are not, as in DVC.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cas/object_store.hpp"
#include "cas/work.hpp"

namespace mlean::cas {

struct CheckoutOptions {
  IgnoreRule ignored;
  bool relink = false;  // give unchanged files, too, the first of the link types that works here, and the mode that goes with it
  Work work;
};

enum class Change : std::uint8_t { kNone, kAdded, kModified, kDeleted };

struct MissingObject {
  std::string path;  // of the file, absolute
  ObjectId id;
};

struct CheckoutResult {
  Change change = Change::kNone;  // of the target as a whole; relinked files are no change
  std::uint64_t added = 0;        // files
  std::uint64_t modified = 0;
  std::uint64_t deleted = 0;
  std::uint64_t relinked = 0;
  std::vector<MissingObject> missing;
  std::vector<ScanWarning> warnings;
};

class CheckoutPlan {
 public:
  // Compares the target with what it shall hold. `want` without a value: the target shall not be there. The store must outlive
  // the plan. A .dir that is not in the cache is the one missing object, and nothing is to be done.
  static Result<CheckoutPlan> Make(ObjectStore& store, const std::optional<ObjectInfo>& want, const std::filesystem::path& target,
                                   const CheckoutOptions& options = {});
  // A part of a folder: `want` at `target`, without an object of its own.
  static Result<CheckoutPlan> Make(ObjectStore& store, const Tree& want, bool legacy, const std::filesystem::path& target,
                                   const CheckoutOptions& options = {});
  CheckoutPlan(CheckoutPlan&&) noexcept;
  CheckoutPlan& operator=(CheckoutPlan&&) noexcept;
  ~CheckoutPlan();

  // Absolute paths of the files that Apply would remove or replace though their content is not in the cache, sorted.
  const std::vector<std::string>& unsaved() const;
  // Objects that are needed and not in the cache.
  const std::vector<MissingObject>& missing() const;
  // What Apply will do, as far as is known now.
  const CheckoutResult& expected() const;
  // Does it, with unsaved files too. Once.
  Result<CheckoutResult> Apply();

  struct Data;

 private:
  explicit CheckoutPlan(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

// Both steps. kDenied with DVC's text for unsaved files unless `force`; kNotFound "cannot check out '…': '<md5>' is not in the
// cache" with nothing touched when an object is missing.
Result<CheckoutResult> Checkout(ObjectStore& store, const ObjectInfo& want, const std::filesystem::path& target, bool force,
                                const CheckoutOptions& options = {});

// Makes links of the cache ordinary writable files: `dvc unprotect` of a file or folder. kNotFound when it is not there.
Result<void> Unprotect(const ObjectStore& store, const std::filesystem::path& path, const Work& work = {});

}  // namespace mlean::cas

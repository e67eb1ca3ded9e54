// mlean cache migrate: takes the cache of DVC 2 over into the layout of DVC 3.
#include "flows/data/cache_migrate.hpp"

#include <fmt/core.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<void> MigrateFiles(const Context& context, Session& session, bool dry) {
  TRY(const std::vector<std::string> files, flows::LegacyDvcFiles(session.repository()));
  if (files.empty()) {
    Inform(context, "No DVC files in the repo to migrate to the 3.0 format.");
    return {};
  }
  if (!dry) return flows::MigrateDvcFiles(session.repository());
  Inform(context, "Entries in following DVC files will be migrated to the 3.0 format:");
  for (const std::string& file : files) Inform(context, "\t" + file);
  return {};
}

Result<int> CacheMigrate(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "migrating"));
  const bool dry = arguments.Has("dry");
  if (dry) {
    TRY(const std::uint64_t count, flows::CountLegacyObjects(session->repository()));
    Inform(context, fmt::format("{} files will be re-hashed and migrated to the DVC 3.0 cache location.", count));
  } else {
    TRY(const std::uint64_t count, flows::MigrateCache(session->repository()));
    session->bar().Clear();
    Inform(context, fmt::format("Migrated {} files to DVC 3.0 cache location.", count));
  }
  if (arguments.Has("dvc-files")) TRYV(MigrateFiles(context, *session, dry));
  TRYV(session->Finish(context));
  return 0;
}

}  // namespace

VerbSpec CacheMigrateVerb() {
  VerbSpec spec;
  spec.words = {"cache", "migrate"};
  spec.summary = "take the cache of DVC 2 over into the layout of DVC 3";
  spec.options = {Flag("--dvc-files", "also the entries in .dvc and dvc.lock files"),
                  Flag("--dry", "only say what would be done")};
  spec.examples = {"mlean cache migrate --dry", "mlean cache migrate --dvc-files"};
  spec.exit_codes = "0 done · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = CacheMigrate;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

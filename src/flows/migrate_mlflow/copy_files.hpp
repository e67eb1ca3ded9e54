// Inside of this folder: the files of the runs and logged models that have been brought, into the store of artifacts.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "flows/migrate_mlflow/migrate.hpp"

namespace mlean::flows::migrate_mlflow {

struct FileCopy {
  const Workspace& workspace;
  Source& source;
  std::int64_t import = 0;
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(std::string_view, std::int64_t, std::int64_t)> progress;
};

// Run by run; one whose files are all here is not looked at again. Fills what `report` says of files.
Result<void> CopyFiles(const FileCopy& copy, Report& report);

}  // namespace mlean::flows::migrate_mlflow

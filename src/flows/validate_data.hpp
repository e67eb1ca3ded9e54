// Validating data against a suite: what `mlean validate` and the turn's step do.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "check/validate.hpp"
#include "flows/workspace.hpp"

namespace mlean::flows {

// Reads the suite file; kInvalid with the reason, kNotFound.
Result<check::Suite> LoadSuite(const std::filesystem::path& file);

// Validates one file (or folder, or glob, as one table).
Result<check::SuiteResult> ValidateFile(const std::filesystem::path& data, const check::Suite& suite,
                                        const check::ValidateOptions& options = {});

struct FileVerdict {
  std::string path;  // relative to the project
  std::string md5;
  bool success = false;
  bool known = false;    // the same content passed the same suite before
  codec::Json findings;  // as check::SummaryJson
  std::string text;      // as check::SummaryText
};
struct EntryVerdict {
  bool success = true;
  std::vector<FileVerdict> files;
};
// Every file of a data entry by itself, so that a finding names the file; content that passed this suite before is not read
// again.
Result<EntryVerdict> ValidateEntry(Workspace& workspace, const repo::DataConfig& entry);

}  // namespace mlean::flows

#include "flows/validate_data.hpp"

#include <fmt/core.h>

#include "base/digest.hpp"
#include "cas/file_hash.hpp"
#include "check/summary.hpp"
#include "flows/duck_table_source.hpp"
#include "loop/window_store.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

// The files that an entry's path names: itself, or the data files of a folder. A glob is one table.
Result<std::vector<std::filesystem::path>> FilesOf(const std::filesystem::path& path) {
  if (!os::IsDir(path)) return std::vector<std::filesystem::path>{path};
  std::vector<std::filesystem::path> files;
  TRY(const std::vector<std::string> names, os::ListDir(path));
  for (const std::string& name : names) {
    if (name.front() != '.' && !os::IsDir(path / name)) files.push_back(path / name);
  }
  return files;
}

Result<FileVerdict> ValidateOne(Workspace& workspace, const std::filesystem::path& file, const check::Suite& suite,
                                const std::string& suite_digest, cas::HashState& state) {
  FileVerdict verdict;
  verdict.path = file.lexically_relative(workspace.project.root).string();
  TRY(const cas::ObjectInfo info, cas::HashPath(file, {.state = &state}));
  verdict.md5 = info.md5;
  TRY(const auto before, workspace.db->Read([&](sql::Conn& c) { return loop::FindValidation(c, info.md5, suite_digest); }));
  if (before && before->success) {
    verdict.known = true;
    verdict.success = true;
    verdict.findings = before->summary;
    return verdict;
  }
  Result<check::SuiteResult> ran = ValidateFile(file, suite);
  if (!ran) {
    // A file that is no table at all is a failed delivery, not a failed program.
    verdict.text = ran.error().what;
    verdict.findings =
        codec::Json::Array{codec::Json::Object{{"column", ""}, {"rule", "the file can be read"}, {"cause", ran.error().what}}};
  } else {
    verdict.success = !ran->CriticalFailure();
    verdict.findings = check::SummaryJson(check::Summarize(*ran));
    verdict.text = check::SummaryText(*ran);
  }
  const loop::Validation record{info.md5, suite_digest, verdict.success, workspace.Now(), verdict.findings};
  TRYV(workspace.db->Write([&](sql::Txn& txn) { return loop::PutValidation(txn, record); }));
  return verdict;
}

}  // namespace

Result<check::Suite> LoadSuite(const std::filesystem::path& file) {
  TRY(const std::string text, os::ReadFile(file, 64 << 20));
  Result<check::Suite> suite = check::ParseSuite(std::string_view(text));
  if (!suite) return std::move(suite).error().With(file.string());
  return suite;
}

Result<check::SuiteResult> ValidateFile(const std::filesystem::path& data, const check::Suite& suite,
                                        const check::ValidateOptions& options) {
  TRY(const auto engine, tables::Engine::Open());
  TRY(const auto source, DuckTableSource::Open(*engine, {.path = data.string()}));
  return check::Validate(suite, *source, options);
}

Result<EntryVerdict> ValidateEntry(Workspace& workspace, const repo::DataConfig& entry) {
  EntryVerdict out;
  const std::filesystem::path suite_file = workspace.project.root / entry.checks;
  TRY(const std::string suite_text, os::ReadFile(suite_file, 64 << 20));
  TRY(const check::Suite suite, LoadSuite(suite_file));
  TRY(const auto files, FilesOf(workspace.project.root / entry.path));
  TRY(cas::HashState state, cas::HashState::Open(workspace.project.HashStateFile()));
  const std::string digest = Sha256Hex(suite_text);
  for (const std::filesystem::path& file : files) {
    TRY(FileVerdict verdict, ValidateOne(workspace, file, suite, digest, state));
    out.success = out.success && verdict.success;
    out.files.push_back(std::move(verdict));
  }
  TRYV(state.Save());
  return out;
}

}  // namespace mlean::flows

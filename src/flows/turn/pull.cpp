// Step pull: which data does this turn see? Content addresses of every data entry, and the commit that the code is at.
#include <fmt/core.h>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "cas/file_hash.hpp"
#include "flows/turn/engine.hpp"
#include "repo/git.hpp"
#include "tables/reader.hpp"

namespace mlean::flows {

Result<StepResult> PullStep(TurnContext& context) {
  const Workspace& workspace = context.workspace;
  TRY(cas::HashState state, cas::HashState::Open(workspace.project.HashStateFile()));
  codec::Json data = codec::Json::Object{};
  std::string message;
  TRY(const auto engine, tables::Engine::Open());
  for (const repo::DataConfig& entry : workspace.config.data) {
    if (entry.path.empty()) {
      return Fail(Code::kUnsupported,
                  fmt::format("cannot pull data '{}': only entries with a path are supported yet", entry.name));
    }
    const std::filesystem::path path = workspace.project.root / entry.path;
    TRY(const cas::ObjectInfo info, cas::HashPath(path, {.state = &state}));
    // A delivery that cannot even be read as a table is validate's finding, not pull's.
    const Result<std::int64_t> rows = tables::CountRows(*engine, {.path = path.string()});
    data.Set(entry.name, codec::Json::Object{{"path", entry.path},
                                             {"md5", info.md5},
                                             {"size", static_cast<std::int64_t>(info.size)},
                                             {"rows", rows ? *rows : std::int64_t{-1}}});
    if (!message.empty()) message += ", ";
    message += fmt::format("{}: {} rows, md5 {}", entry.name, rows ? HumanCount(static_cast<std::uint64_t>(*rows)) : "?",
                           info.md5.substr(0, 12));
  }
  TRYV(state.Save());
  StepResult result;
  result.outputs = codec::Json::Object{{"data", std::move(data)}, {"config_sha256", Sha256Hex(workspace.config.text)}};
  if (const Result<repo::GitFacts> git = repo::ReadGitFacts(workspace.project.root); git) {
    result.outputs.Set(
        "git", codec::Json::Object{
                   {"commit", git->commit}, {"branch", git->branch}, {"dirty", git->dirty}, {"diff_sha256", git->diff_sha256}});
  }
  result.message = message.empty() ? "no data entries" : message;
  return result;
}

}  // namespace mlean::flows

#include "flows/data/exp_diff.hpp"

#include <utility>

#include "flows/data/exp_refs.hpp"
#include "flows/data/exp_show.hpp"
#include "flows/data/exp_table.hpp"
#include "metrics/table.hpp"

namespace mlean::flows {
namespace {

std::string Cell(const codec::Json& value, std::optional<int> precision) {
  return value.IsNull() ? "-" : CellText(value, precision);
}

}  // namespace

Result<ExpDiff> DiffExperiments(Repository& repository, const ExpDiffRequest& request) {
  ExpDiff diff;
  TRY(const ExpGit git, GitOf(repository));
  TRY(repo::GitReader reader, repo::GitReader::Open(git.root()));
  TRY(const std::optional<std::string> head, reader.ResolveByGit("HEAD"));
  if (!head) {
    diff.any = false;
    return diff;
  }
  const auto side = [&](const std::string& revision) -> Result<ExpState> {
    return CollectState(repository, reader, revision, request.param_deps);
  };
  TRY(const std::string old_commit, reader.Resolve(request.old_revision.empty() ? "HEAD" : request.old_revision));
  std::string new_commit = "workspace";
  if (!request.new_revision.empty()) {
    TRY(new_commit, reader.Resolve(request.new_revision));
  }
  TRY(ExpState before, side(old_commit));
  TRY(ExpState after, side(new_commit));
  if (!before.data) before.data.emplace();
  if (!after.data) after.data.emplace();
  const auto compare = [&](std::vector<metrics::FileValues>& a, std::vector<metrics::FileValues>& b) {
    metrics::RevisionValues old_values, new_values;
    old_values.files = std::move(a);
    new_values.files = std::move(b);
    return metrics::DiffValues(old_values, new_values, request.all);
  };
  diff.metrics = compare(before.data->metrics, after.data->metrics);
  diff.params = compare(before.data->params, after.data->params);
  return diff;
}

std::string ExpDiffTable(const std::vector<metrics::FileDiff>& diff, const ExpDiffText& options) {
  metrics::Table table;
  table.headers = {"Path", options.title, options.old_name, options.new_name, "Change"};
  for (const metrics::FileDiff& file : diff) {
    for (const metrics::ValueChange& change : file.changes) {
      table.rows.push_back({file.path, change.name, Cell(change.old_value, options.precision),
                            Cell(change.new_value, options.precision),
                            change.diff ? Cell(*change.diff, options.precision) : "diff not supported"});
    }
  }
  if (options.no_path) {
    table.headers.erase(table.headers.begin());
    for (std::vector<std::string>& row : table.rows) row.erase(row.begin());
  }
  return metrics::TableText(table, {.markdown = options.markdown});
}

}  // namespace mlean::flows

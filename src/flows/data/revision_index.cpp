#include "flows/data/revision_index.hpp"

#include <utility>

namespace mlean::flows {

std::string BelowGit(const Repository& repository) {
  if (repository.git_root().empty() || repository.root() == repository.git_root()) return {};
  return repository.root().lexically_relative(repository.git_root()).generic_string();
}

Result<std::unique_ptr<RevisionIndex>> RevisionIndex::Open(Repository& repository, repo::GitReader& reader, std::string commit) {
  std::unique_ptr<RevisionIndex> revision(new RevisionIndex());
  TRY(revision->source_, RevisionSource::Open(reader, std::move(commit), BelowGit(repository)));
  pipeline::IndexOptions options;
  options.place = repository.place();
  options.parsing = {.boolean_optional = repository.config().parsing.boolean == "boolean_optional",
                     .list_append = repository.config().parsing.list == "append"};
  options.say = repository.say();
  revision->index_ = std::make_unique<pipeline::Index>(*revision->source_, std::move(options));
  return revision;
}

}  // namespace mlean::flows

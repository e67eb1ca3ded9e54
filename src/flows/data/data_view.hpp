// DataView: one side of a comparison of tracked data: what the dvc files of the work tree or of a commit say of the outputs, or
// what the workspace holds in their places.
//
//   TRY(DataView index, DataView::OfIndex(repository, repository.index()));
//   TRY(DataView workspace, DataView::OfWorkspace(repository, index, {.trees = true}));
//   TRYV(CompareData(index, workspace, …));    // compare_data.hpp
//
// Only outputs inside the project that the cache keeps. One thread; the repository outlives it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cas/tree.hpp"
#include "flows/data/repository.hpp"
#include "pipeline/index.hpp"
#include "remotes/remote.hpp"

namespace mlean::flows {

// Paths part by part, so that what is in a folder follows it directly.
struct PathPartsLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

// Of a file in a scanned folder that cannot be read: a link to nothing.
inline constexpr cas::Md5 kUnknownMd5{};

struct DataOut {
  std::string location;
  pipeline::Content content;  // hash empty: nothing is recorded
  bool is_dir = false;
  bool is_pushed = true;                               // goes to remotes
  std::string remote;                                  // the only remote that holds it; "": the default one
  bool is_partial = false;                             // of an import that was not downloaded: nowhere in the cache
  std::shared_ptr<const pipeline::Dependency> source;  // of an import of a repository: the place that has the data
  std::shared_ptr<const cas::Tree> listed;             // of a folder whose files are listed in the dvc file
  std::shared_ptr<const cas::Tree> scanned;            // of a folder of the workspace; links to nothing have kUnknownMd5
};

class DataView {
 public:
  using Outs = std::map<std::string, DataOut, PathPartsLess>;

  DataView() = default;  // without anything
  // `only`: locations; outputs that neither lie in one of them nor around one are left out. Empty: all.
  static Result<DataView> OfIndex(Repository& repository, pipeline::Index& index, const std::vector<std::string>& only = {});
  // Of a project without a Repository: TreeOf knows nothing.
  static Result<DataView> OfStages(pipeline::Index& index);
  static Result<DataView> OfTargets(Repository& repository, const std::vector<pipeline::Target>& targets);
  // What lies in the places of the other's outputs; hashed in the way of each output. `trees`: the folders' files will be asked
  // for.
  static Result<DataView> OfWorkspace(Repository& repository, const DataView& index, bool trees);

  const Outs& outs() const { return outs_; }
  // The files of a folder, read from the cache, else from its remote; null when they are not known (no .dir there).
  Result<std::shared_ptr<const cas::Tree>> TreeOf(const DataOut& out) const;

 private:
  Result<void> Add(const pipeline::Stage& stage, const pipeline::Output& output);
  // Null when there is none or it cannot be opened.
  remotes::Remote* RemoteOf(const DataOut& out) const;

  Repository* repository_ = nullptr;
  mutable std::map<std::string, std::shared_ptr<remotes::Remote>> remotes_;  // by name, opened when needed
  mutable std::map<std::string, std::weak_ptr<const cas::Tree>> loaded_;     // by hash, those still in use
  Outs outs_;
};

// Whether one of two locations is the other or lies in it.
bool Overlap(std::string_view a, std::string_view b);

}  // namespace mlean::flows

// ExternalRepo: another repository, of DVC or only of git, that a command reads from: a folder on this machine, or a url that git
// clones. `ls`, `get` and `import` see it as a RepoTree and bring files of it here.
//
//   TRY(const auto repo, ExternalRepo::Open({.url = url, .path = path, .revision = rev, .directory = cwd}));
//   TRY(const auto entry, repo->tree().Look(repo->location()));
//   TRYV(repo->Download(*entry, target));
//
// A folder without a revision is read as it is now, its work tree included; with a revision, and from urls, commits are read.
// When the path lies in a sub-repository, that is what is opened. Data that the repository has imported itself and keeps nowhere
// is brought from where it was imported. Errors have DVC's texts. One thread.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cas/object_store.hpp"
#include "cas/work.hpp"
#include "codec/json.hpp"
#include "flows/data/repo_tree.hpp"
#include "pipeline/index.hpp"
#include "remotes/remote.hpp"
#include "repo/dvc_config.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {

struct ExternalRequest {
  std::string url;                                    // a folder (relative to `directory`), or what git clones
  std::string path;                                   // in it, as typed; "" its root
  std::string revision;                               // "": the work tree of a folder, the default branch of a url
  std::filesystem::path config_file;                  // a config file that is put over its configuration; "": none
  codec::Json config = codec::Json::Object{};         // put over the repository's configuration
  std::string remote;                                 // its default remote for this command
  codec::Json remote_config = codec::Json::Object{};  // options for that remote
  std::filesystem::path directory;                    // working directory, absolute
  std::filesystem::path clones;                       // where clones are kept; "": a temporary folder
  std::filesystem::path cache;                        // where objects are brought; "": the cache of a folder, else temporary
  bool sizes = false;                                 // of files in commits
  int depth = 0;                                      // how many imports led here
  cas::Work work;
};
// The source of an import; directory, clones, cache and work are left to fill in.
ExternalRequest RequestOfImport(const pipeline::Dependency& source);

class ExternalRepo {
 public:
  static Result<std::unique_ptr<ExternalRepo>> Open(ExternalRequest request);
  ExternalRepo(const ExternalRepo&) = delete;
  ExternalRepo& operator=(const ExternalRepo&) = delete;
  ~ExternalRepo();

  RepoTree& tree();
  // Of the request's path in tree().
  const std::string& location() const;
  // What the path is called in texts about its absence: as an absolute path.
  std::string Shown() const;
  // In front of names in the root's listing when the command was called in a folder of it: "../"; else "".
  std::string FrontOfRoot() const;
  // 40 hex digits of the commit that is read, or of HEAD for a work tree. kNotFound without git.
  Result<std::string> Commit();

  // Brings a file or a folder with all that is in it to `target`, which must not be there; its parent is made. kNotFound
  // "unexpected error - [Errno 2] No storage files available: 'data/a'" when an object is nowhere: then nothing is left at
  // `target`.
  Result<void> Download(const RepoEntry& entry, const std::filesystem::path& target);
  // Brings the objects of an entry to the cache, without writing any file. The plain files in it are left out.
  Result<void> FetchObjects(const RepoEntry& entry);
  // Whether the entry is kept whole as an object here: an output, or a file in one.
  static bool IsOneObject(const RepoEntry& entry);
  // Brings an entry, whatever it is here, to `store`, which keeps its objects in the request's cache.
  Result<pipeline::Content> StoreIn(cas::ObjectStore& store, const RepoEntry& entry);
  // The url of the entry's object in its remote; where there is none and the repository is a folder on this machine, its path in
  // the cache. DVC's text for what DVC does not track.
  Result<std::string> ObjectUrl(const RepoEntry& entry);

 private:
  struct State;
  explicit ExternalRepo(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mlean::flows

// UrlSource: a file or folder elsewhere that `import-url`, `get-url` and `ls-url` read: a path on this machine, or what a
// remote's url names (s3://, http://, ssh://, "remote://name/path" …).
//
//   TRY(const auto source, UrlSource::Open(config, dvc_dir, {.url = url, .directory = cwd}));
//   TRY(const UrlSource::Kind kind, source->Look());
//   TRYV(source->Download(target, work));
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cas/tree.hpp"
#include "cas/work.hpp"
#include "codec/json.hpp"
#include "pipeline/stage.hpp"
#include "remotes/download.hpp"
#include "remotes/remote.hpp"
#include "repo/dvc_config.hpp"

namespace mlean::flows {

struct UrlRequest {
  std::string url;                              // a path is relative to `directory`
  codec::Json options = codec::Json::Object{};  // --fs-config
  std::filesystem::path directory;              // absolute
  const std::atomic<bool>* cancel = nullptr;
};

class UrlSource {
 public:
  enum class Kind : std::uint8_t { kNone, kFile, kDir };
  struct File {
    std::string path;  // below the url; "" when that is the file
    std::uint64_t size = 0;
  };

  // kInvalid for urls and options that cannot be used, kUnsupported for schemes.
  static Result<std::unique_ptr<UrlSource>> Open(const repo::DvcConfig& config, const std::filesystem::path& dvc_dir,
                                                 const UrlRequest& request);
  UrlSource(const UrlSource&) = delete;
  UrlSource& operator=(const UrlSource&) = delete;
  ~UrlSource();

  Result<Kind> Look();
  // How many transfers suit the store.
  int jobs() const;
  // All files, sorted by path; a file alone is one with the path "". kInvalid for a name that leaves the folder.
  Result<std::vector<File>> Files();
  // What is in a folder ("" is the url itself), sorted by name.
  struct Entry {
    std::string name;
    bool is_dir = false;
    std::uint64_t size = 0;
  };
  Result<std::vector<Entry>> List(const std::string& folder);
  // As DVC calls a file in listings: an absolute path, or the url without its scheme.
  std::string Shown() const;
  // What is recorded of it as a dependency, without fetching it where the store knows a checksum. kNotFound: nothing is there.
  Result<pipeline::Content> Hash(const cas::Work& work);
  // One of Files() to a new place, whole or not at all; its parent must exist. Its md5 in hex and its size.
  Result<remotes::Downloaded> DownloadFile(const File& file, const std::filesystem::path& target, const cas::Work& work);
  // To a new place; its parent must exist. All or nothing for a file; a folder may be left in part.
  Result<void> Download(const std::filesystem::path& target, const cas::Work& work);
  bool IsLocal() const;
  const std::filesystem::path& local_path() const;

 private:
  struct State;
  explicit UrlSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mlean::flows

#include "flows/data/transfer_url.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "cas/object_store.hpp"
#include "cas/tree.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/open_remote.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// Sends a file under its md5; it is removed afterwards.
Result<void> SendObject(remotes::Remote& to, const fs::path& file, const cas::ObjectId& id) {
  const std::string key = ToRemote(id).Key();
  const Result<remotes::FileInfo> there = to.Stat(key);
  if (!there && there.error().code != Code::kNotFound) return there.error();
  if (!there) TRYV(to.Put(file, key, {.md5 = id.Name().substr(0, 32)}));
  std::error_code ignored;
  fs::remove(file, ignored);
  return {};
}

}  // namespace

Result<pipeline::Content> TransferUrl(Repository& repository, UrlSource& from, const TransferUrlOptions& options) {
  TRY(const std::unique_ptr<remotes::Remote> to, OpenDataRemote(repository, options.remote, options.command));
  TRY(const UrlSource::Kind kind, from.Look());
  if (kind == UrlSource::Kind::kNone) {
    return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", from.Shown()));
  }
  TRY(const std::vector<UrlSource::File> files, from.Files());
  const cas::Work& work = repository.work();
  std::uint64_t bytes = 0;
  for (const UrlSource::File& file : files) bytes += file.size;
  work.Expect(files.size(), bytes);
  TRY(const os::TempDir temporary, os::TempDir::Make("mlean-transfer", repository.project().DvcTempDir()));
  std::vector<cas::ObjectInfo> sent(files.size());
  const int jobs = options.jobs > 0 ? options.jobs : std::min(from.jobs(), to->traits().jobs);
  TRYV(cas::ParallelFor({.cancelled = work.cancelled, .threads = jobs}, files.size(), 1,
                        [&](std::size_t index, int) -> Result<void> {
                          const fs::path part = temporary.path() / fmt::format("{}", index);
                          TRY(const remotes::Downloaded done, from.DownloadFile(files[index], part, work));
                          sent[index] = {.md5 = done.md5, .size = done.size};
                          return SendObject(*to, part, *cas::ObjectId::Parse(done.md5));
                        }));
  if (kind == UrlSource::Kind::kFile) return ToContent(sent[0]);
  cas::Tree tree;
  tree.Reserve(files.size());
  cas::ObjectInfo whole{.nfiles = files.size()};
  for (std::size_t i = 0; i < files.size(); ++i) {
    tree.Add(files[i].path, *cas::ParseMd5(sent[i].md5));
    whole.size += sent[i].size;
  }
  tree.Seal();
  whole.md5 = tree.Id().Name();
  const fs::path body = temporary.path() / "tree";
  TRYV(os::WriteFileAtomic(body, tree.Body()));
  TRYV(SendObject(*to, body, tree.Id()));
  return ToContent(whole);
}

}  // namespace mlean::flows

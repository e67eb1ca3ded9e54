// A folder of this machine (or of a mounted file system) as a remote.
#include <fmt/core.h>

#include "os/files.hpp"
#include "remotes/local_files.hpp"
#include "remotes/options.hpp"
#include "remotes/parallel.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

class LocalRemote final : public Remote {
 public:
  LocalRemote(fs::path root, Traits traits, const std::atomic<bool>* cancel)
      : Remote(root.string(), traits, cancel), root_(std::move(root)) {}

  Result<FileInfo> Stat(std::string_view key) override {
    TRY(const os::FileStat stat, os::Stat(PathOf(key)));
    return FileInfo{.size = stat.size, .modified = stat.mtime_ns / 1'000'000, .is_dir = stat.kind == os::FileKind::kDir};
  }

  Result<std::vector<bool>> Exists(std::span<const std::string> keys, int jobs) override {
    // A stat costs about what waking a thread does.
    constexpr std::size_t kWorthAThread = 1000;
    return Remote::Exists(keys, keys.size() < kWorthAThread ? 1 : jobs);
  }

  Result<void> List(std::string_view prefix, const ListSink& sink) override {
    bool go_on = true;
    const fs::path top = PathOf(prefix);
    return os::IsDir(top) ? ListFolder(top, std::string(prefix), sink, go_on, 0) : Result<void>();
  }

  Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) override {
    return ReadPieces(PathOf(key), offset, [&](std::string_view piece) -> Result<void> {
      if (cancelled()) return Fail(Code::kCancelled, fmt::format("cannot read '{}': cancelled", PathOf(key).string()));
      return sink(piece);
    });
  }

  Result<void> Put(const fs::path& file, std::string_view key, const PutOptions& options) override {
    return CopyFileInto(file, PathOf(key), {.mode = 0444, .exclusive = options.if_absent, .on_bytes = [&](std::uint64_t bytes) {
                                              if (options.on_bytes) options.on_bytes(bytes);
                                              return !cancelled();
                                            }});
  }

  Result<void> Remove(std::span<const std::string> keys, int) override {
    Result<void> outcome;
    for (const std::string& key : keys) {
      if (cancelled()) return Fail(Code::kCancelled, fmt::format("cannot remove objects of '{}': cancelled", url()));
      Result<void> removed = os::Remove(PathOf(key));
      if (!removed && outcome) outcome = std::move(removed);
    }
    return outcome;
  }

  Result<void> CopyOut(std::string_view key, const fs::path& to) override {
    return CopyFileInto(PathOf(key), to, {.mode = 0444, .on_bytes = [&](std::uint64_t) { return !cancelled(); }});
  }

 private:
  fs::path PathOf(std::string_view key) const { return key.empty() ? root_ : root_ / key; }

  Result<void> ListFolder(const fs::path& folder, const std::string& prefix, const ListSink& sink, bool& go_on, int depth) {
    constexpr int kMaxDepth = 100;
    if (depth > kMaxDepth) return Fail(Code::kTooLarge, fmt::format("cannot list '{}': too deep", folder.string()));
    TRY(const std::vector<std::string> names, os::ListDir(folder));
    for (const std::string& name : names) {
      const fs::path path = folder / name;
      const Result<os::FileStat> stat = os::StatLink(path);
      if (!stat) continue;  // gone meanwhile
      const std::string key = prefix + name;
      if (stat->kind == os::FileKind::kDir) {
        TRYV(ListFolder(path, key + "/", sink, go_on, depth + 1));
      } else if (stat->kind == os::FileKind::kFile) {
        go_on = sink({.key = key, .size = stat->size});
      }
      if (!go_on) return {};
    }
    return {};
  }

  fs::path root_;
};

}  // namespace

Result<RemotePtr> OpenLocal(const Options& options) {
  std::string_view path = options.url();
  if (path.starts_with("file://")) path.remove_prefix(7);
  TRY(const Traits traits, options.MakeTraits({.cheap_exists = true}));
  return RemotePtr(std::make_unique<LocalRemote>(options.Resolve(path), traits, options.cancel()));
}

}  // namespace mlean::remotes

#include "cas/tree_hasher.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "os/files.hpp"

namespace mlean::cas {
namespace {

struct FdCloser {
  int fd;
  ~FdCloser() { ::close(fd); }
};

}  // namespace

TreeHasher::TreeHasher(const std::filesystem::path& dir, Listing listing, HashState* state, bool legacy, const Work& work)
    : dir_(dir), listing_(std::move(listing)), state_(state), legacy_(legacy), work_(work) {}
TreeHasher::~TreeHasher() = default;

std::optional<ObjectInfo> TreeHasher::FindFolder() const {
  if (state_ == nullptr) return std::nullopt;
  const std::optional<Md5> md5 = state_->Find(HashState::KeyOfFolder(dir_.native(), listing_, legacy_));
  if (!md5) return std::nullopt;
  ObjectInfo info;
  info.md5 = ObjectId{*md5, true, legacy_}.Name();
  info.size = listing_.bytes();
  info.nfiles = listing_.size();
  info.legacy = legacy_;
  return info;
}

Result<void> TreeHasher::LookUp(const IsDone& is_done) {
  const std::size_t count = listing_.size();
  md5s_.resize(count);
  known_.assign(count, Known::kNo);
  std::vector<char> done(count, 0);
  if (state_ != nullptr) {
    TRYV(ParallelFor(work_, count, 256, [&](std::size_t i, int) -> Result<void> {
      const std::optional<Md5> md5 = state_->Find(HashState::KeyOfFile(listing_, i, legacy_));
      if (!md5) return {};
      md5s_[i] = *md5;
      known_[i] = Known::kRemembered;
      done[i] = 1;
      if (is_done) {
        TRY(const bool is, is_done(*md5));
        done[i] = is ? 1 : 0;
      }
      return {};
    }));
  }
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (done[i] != 0) continue;
    rest_.push_back(static_cast<std::uint32_t>(i));
    bytes += listing_.facts(i).size;
  }
  // Large files first, so that none of them is left for one thread at the end; small ones stay in the order of their folders.
  constexpr std::uint64_t kLarge = std::uint64_t{16} << 20;
  const auto weight = [&](std::uint32_t i) { return listing_.facts(i).size / kLarge; };
  std::stable_sort(rest_.begin(), rest_.end(), [&](std::uint32_t a, std::uint32_t b) { return weight(a) > weight(b); });
  work_.Expect(rest_.size(), bytes);
  return {};
}

Result<void> TreeHasher::HashRest() {
  return HashRest(
      [this](FileReader& reader, int root, const char* path) { return reader.Hash(root, dir_, path, legacy_, work_); });
}

Result<void> TreeHasher::HashRest(const Task& task) {
  if (rest_.empty()) return {};
  const int root = ::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return os::FileError("list", dir_, errno);
  const FdCloser closer{root};
  std::vector<FileReader> readers;
  for (int i = 0; i < ThreadsOf(work_); ++i) readers.emplace_back(state_);
  const std::size_t grain = std::clamp<std::size_t>(rest_.size() / 256, 1, 16);
  return ParallelFor(work_, rest_.size(), grain, [&](std::size_t at, int worker) -> Result<void> {
    const std::size_t i = rest_[at];
    TRY(HashedFile file, task(readers[static_cast<std::size_t>(worker)], root, listing_.path(i).data()));
    md5s_[i] = file.md5;
    known_[i] = file.is_made ? Known::kMade : file.is_settled ? Known::kSettled : Known::kUnsettled;
    if (!file.facts.SameContent(listing_.facts(i))) {
      file.facts.is_link = listing_.facts(i).is_link;
      listing_.Replace(i, file.facts);
    }
    return {};
  });
}

void TreeHasher::Replaced(std::size_t index, const FileFacts& facts) {
  listing_.Replace(index, facts);
  known_[index] = Known::kMade;
}

bool TreeHasher::AllSettled() const {
  return std::none_of(known_.begin(), known_.end(),
                      [](Known known) { return known == Known::kNo || known == Known::kUnsettled; });
}

void TreeHasher::RememberAll(const Md5& folder) {
  std::vector<HashState::Record> fresh;
  fresh.reserve(static_cast<std::size_t>(std::count(known_.begin(), known_.end(), Known::kSettled)));
  bool any_made = false;
  bool any_fresh = false;
  FileFacts newest;
  for (std::size_t i = 0; i < known_.size(); ++i) {
    switch (known_[i]) {
      case Known::kNo:
      case Known::kUnsettled:
      case Known::kRemembered: break;
      case Known::kSettled:
        any_fresh = true;
        fresh.push_back({HashState::KeyOfFile(listing_, i, legacy_), md5s_[i]});
        break;
      case Known::kMade:
        any_made = true;
        state_->RememberMade(HashState::KeyOfFile(listing_, i, legacy_), md5s_[i], listing_.facts(i));
        if (listing_.facts(i).newest_ns() > newest.newest_ns()) newest = listing_.facts(i);
        break;
    }
  }
  if (fresh.size() > 1000) {
    state_->Remember(std::move(fresh));
  } else {
    for (const HashState::Record& record : fresh) state_->Remember(record.key, record.md5);
  }
  if (!AllSettled()) return;
  const HashState::Key key = HashState::KeyOfFolder(dir_.native(), listing_, legacy_);
  if (any_made) {
    state_->RememberMade(key, folder, newest);
  } else if (any_fresh || state_->Find(key) != folder) {
    state_->Remember(key, folder);
  }
}

Result<HashedTree> TreeHasher::Finish(const Identify& identify) {
  std::vector<TreeFile> files;
  files.reserve(listing_.size());
  for (std::size_t i = 0; i < listing_.size(); ++i) files.push_back({listing_.path(i), md5s_[i]});
  HashedTree hashed;
  hashed.tree = Tree::Over(listing_.arena(), std::move(files));
  ObjectId id;
  if (identify) {
    TRY(id, identify(hashed.tree));
  } else {
    id = hashed.tree.Id(legacy_);
  }
  hashed.info.md5 = id.Name();
  hashed.info.size = listing_.bytes();
  hashed.info.nfiles = listing_.size();
  hashed.info.legacy = legacy_;
  if (state_ != nullptr) RememberAll(id.md5);
  return hashed;
}

}  // namespace mlean::cas

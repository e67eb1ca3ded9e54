#include "cas/tree.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cas/dir_parser.hpp"
#include "cas/md5.hpp"
#include "cas/path_arena.hpp"
#include "cas/path_order.hpp"
#include "codec/python_text.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

bool Less(const TreeFile& a, const TreeFile& b) { return PathLess(a.path, b.path); }

// Whether `path` is `folder` or lies in it.
bool IsAtOrUnder(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// Sorted, but with what hostile objects may have: the same path twice, or a path through a file.
Result<void> CheckPaths(const Tree& tree) {
  std::string_view checked;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const std::string_view path = tree[i].path;
    if (i > 0 && tree[i - 1].path == path) return BadDirObject(fmt::format("the path '{}' occurs twice", path));
    const std::size_t slash = path.rfind('/');
    std::string_view folder = path.substr(0, slash == path.npos ? 0 : slash);
    if (folder == checked) continue;
    checked = folder;
    while (!folder.empty()) {
      if (tree.Find(folder) != nullptr) return BadDirObject(fmt::format("the path '{}' is a file and a folder", folder));
      const std::size_t up = folder.rfind('/');
      folder = folder.substr(0, up == folder.npos ? 0 : up);
    }
  }
  return {};
}

struct FdCloser {
  int fd;
  ~FdCloser() { ::close(fd); }
};

}  // namespace

Tree::Tree() = default;

Result<Tree> Tree::Parse(std::string_view body) {
  Tree tree;
  const auto add = [&](std::string_view path, const Md5& md5) { tree.Add(path, md5); };
  DirParser parser(add);
  bool usual = true;
  // In pieces, for the parser copies what it has not taken yet.
  for (std::size_t at = 0; usual && at < body.size(); at += kHashBlock) {
    TRY(usual, parser.Feed(body.substr(at, kHashBlock)));
  }
  if (!usual || !parser.End()) {
    tree = Tree();
    TRYV(ReadDirJson(body, add));
  }
  std::stable_sort(tree.files_.begin(), tree.files_.end(), Less);
  TRYV(CheckPaths(tree));
  return tree;
}

Result<Tree> Tree::Read(const std::filesystem::path& file, const Md5* md5, const Seen& seen) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return os::FileError("read", file, errno);
  const FdCloser closer{fd};
  Tree tree;
  DirParser parser([&](std::string_view path, const Md5& digest) {
    tree.Add(path, digest);
    if (seen) seen(digest);
  });
  Md5Hasher hasher;
  bool usual = true;
  const std::unique_ptr<char[]> buffer(new char[kHashBlock]);
  for (;;) {
    const ssize_t count = ::read(fd, buffer.get(), kHashBlock);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FileError("read", file, errno);
    if (count == 0) break;
    const std::string_view piece(buffer.get(), static_cast<std::size_t>(count));
    if (md5 != nullptr) hasher.Update(piece);
    if (!usual) continue;
    TRY(usual, parser.Feed(piece));
  }
  if (md5 != nullptr && hasher.Finish() != *md5) {
    return Fail(Code::kCorrupt, fmt::format("cannot read object '{}': its bytes have another md5", file.string()));
  }
  if (!usual || !parser.End()) {
    TRY(const std::string body, os::ReadFile(file, kMaxDirJson));
    return Parse(body);
  }
  if (!std::is_sorted(tree.files_.begin(), tree.files_.end(), Less)) {
    std::stable_sort(tree.files_.begin(), tree.files_.end(), Less);
  }
  TRYV(CheckPaths(tree));
  return tree;
}

Tree Tree::Over(std::shared_ptr<const PathArena> arena, std::vector<TreeFile> files) {
  Tree tree;
  tree.arena_ = std::make_shared<PathArena>();
  tree.arena_->KeepAlive(std::move(arena));
  tree.files_ = std::move(files);
  tree.Seal();
  return tree;
}

const TreeFile* Tree::Find(std::string_view path) const {
  const auto at = std::lower_bound(files_.begin(), files_.end(), TreeFile{path, {}}, Less);
  return at != files_.end() && at->path == path ? &*at : nullptr;
}

std::pair<Tree::Iterator, Tree::Iterator> Tree::Under(std::string_view folder) const {
  if (folder.empty()) return {files_.begin(), files_.end()};
  const std::string prefix = std::string(folder) + "/";
  const auto first = std::lower_bound(files_.begin(), files_.end(), TreeFile{prefix, {}}, Less);
  const auto last =
      std::partition_point(first, files_.end(), [&](const TreeFile& file) { return file.path.starts_with(prefix); });
  return {first, last};
}

const TreeFile* Tree::FirstIn(std::string_view folder) const {
  const std::string prefix = folder.empty() ? std::string() : std::string(folder) + "/";
  const auto first = std::lower_bound(files_.begin(), files_.end(), TreeFile{prefix, {}}, Less);
  return first != files_.end() && first->path.starts_with(prefix) ? &*first : nullptr;
}

void Tree::Write(const std::function<void(std::string_view piece)>& sink) const {
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  constexpr char kHex[] = "0123456789abcdef";
  std::string text = "[";
  text.reserve(kPiece + 4096);
  bool first = true;
  for (const TreeFile& file : files_) {
    text += first ? "{\"md5\": \"" : ", {\"md5\": \"";
    first = false;
    for (const std::uint8_t byte : file.md5) {
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    }
    text += "\", \"relpath\": ";
    codec::AppendPythonJsonString(text, file.path);
    text += '}';
    if (text.size() < kPiece) continue;
    sink(text);
    text.clear();
  }
  text += ']';
  sink(text);
}

std::string Tree::Body() const {
  std::string body;
  Write([&](std::string_view piece) { body += piece; });
  return body;
}

ObjectId Tree::Id(bool legacy) const {
  Md5Hasher hasher;
  Write([&](std::string_view piece) { hasher.Update(piece); });
  return {hasher.Finish(), true, legacy};
}

void Tree::Reserve(std::size_t files) { files_.reserve(files); }

void Tree::Add(std::string_view path, const Md5& md5) {
  if (arena_ == nullptr || arena_.use_count() > 1) Fork();
  files_.push_back({arena_->Add(path), md5});
}

void Tree::Seal() {
  if (!std::is_sorted(files_.begin(), files_.end(), Less)) std::stable_sort(files_.begin(), files_.end(), Less);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (i + 1 < files_.size() && files_[i].path == files_[i + 1].path) continue;
    files_[kept++] = files_[i];
  }
  files_.resize(kept);
}

std::vector<TreeFile> Tree::Without(std::string_view path, bool and_ancestors) const {
  std::vector<TreeFile> rest;
  rest.reserve(files_.size() + 1);
  for (const TreeFile& file : files_) {
    if (IsAtOrUnder(file.path, path) || (and_ancestors && IsAtOrUnder(path, file.path))) continue;
    rest.push_back(file);
  }
  return rest;
}

void Tree::Fork() {
  auto fork = std::make_shared<PathArena>();
  if (arena_ != nullptr) fork->KeepAlive(arena_);
  arena_ = std::move(fork);
}

void Tree::Set(std::string_view path, const Md5& md5) {
  files_ = Without(path, true);
  Add(path, md5);
  Seal();
}

void Tree::SetFolder(std::string_view path, const Tree& sub) {
  if (path.empty()) {
    *this = sub;
    return;
  }
  files_ = Without(path, !sub.empty());
  Fork();
  const std::string prefix = std::string(path) + "/";
  for (const TreeFile& file : sub) files_.push_back({arena_->Add(prefix, file.path), file.md5});
  Seal();
}

bool Tree::Remove(std::string_view path) {
  std::vector<TreeFile> rest = path.empty() ? std::vector<TreeFile>() : Without(path, false);
  const bool any = rest.size() != files_.size();
  files_ = std::move(rest);
  return any;
}

Tree Tree::Subtree(std::string_view path) const {
  if (path.empty()) return *this;
  const auto [first, last] = Under(path);
  Tree sub;
  sub.arena_ = arena_;
  sub.files_.reserve(static_cast<std::size_t>(last - first));
  for (auto at = first; at != last; ++at) sub.files_.push_back({at->path.substr(path.size() + 1), at->md5});
  return sub;
}

bool operator==(const Tree& a, const Tree& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const TreeFile& x, const TreeFile& y) { return x.md5 == y.md5 && x.path == y.path; });
}

}  // namespace mlean::cas

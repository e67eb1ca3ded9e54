// ObjectStore::Put: files and folders of the workspace into the cache.
#include <fcntl.h>

#include "cas/file_reader.hpp"
#include "cas/object_store.hpp"
#include "cas/object_writer.hpp"
#include "cas/tree_hasher.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

bool WantsHardlinks(const StoreOptions& store, const PutOptions& options) {
  return options.hardlink || (options.relink && !store.link_types.empty() && store.link_types.front() == LinkType::kHardlink);
}

// Copies are what is wanted, and there is nothing else.
bool NothingToRelink(const Listing& listing, const std::vector<LinkType>& types) {
  if (types.empty() || (types.front() != LinkType::kReflink && types.front() != LinkType::kCopy)) return false;
  for (std::size_t i = 0; i < listing.size(); ++i) {
    if (listing.facts(i).is_link || listing.facts(i).is_hard_linked) return false;
  }
  return true;
}

// Links the files of a stored folder to their objects where the kind of link is not the wanted one.
Result<void> RelinkFiles(const ObjectStore& store, const fs::path& dir, TreeHasher& hasher, const PutOptions& options) {
  Linker linker(store.options().link_types, store.options().temp_dir);
  return ParallelFor(options.work, hasher.listing().size(), 64, [&](std::size_t i, int) -> Result<void> {
    const FileFacts& facts = hasher.listing().facts(i);
    const fs::path object = store.PathOf(ObjectId{hasher.md5s()[i], false, options.legacy});
    const fs::path file = dir / hasher.listing().path(i);
    if (!NeedsRelink(file, facts, object, store.options().link_types)) return {};
    TRY(const FileFacts now, FactsOf(file));
    // Changed since it was stored: that is for the next command to see.
    if (!now.SameContent(facts)) return {};
    TRYV(linker.Link(object, file));
    TRY(const FileFacts linked, FactsOf(file));
    hasher.Replaced(i, linked);
    return {};
  });
}

// Whether all of a remembered folder is in the cache: then there is nothing to do.
Result<bool> IsStored(const ObjectStore& store, const ObjectInfo& info, const PutOptions& options, Tree& tree) {
  TRY(const bool there, store.HasObject(*ObjectId::Parse(info.md5, options.legacy)));
  if (!there) return false;
  Result<Tree> read = store.ReadTree(info.md5, options.legacy);
  if (!read) return false;
  TRY(const std::vector<std::size_t> missing, store.Missing(*read, options.legacy, options.work));
  if (!missing.empty()) return false;
  tree = *std::move(read);
  return true;
}

}  // namespace

Result<HashedTree> ObjectStore::PutTree(const fs::path& dir, const PutOptions& options) {
  TRY(Listing listing, ScanTree(dir, {.ignored = options.ignored, .sorted = false, .work = options.work}));
  if (options.warnings != nullptr) {
    options.warnings->insert(options.warnings->end(), listing.warnings().begin(), listing.warnings().end());
  }
  TreeHasher hasher(dir, std::move(listing), options_.state, options.legacy, options.work);
  const bool hardlink = WantsHardlinks(options_, options);
  const bool relink = options.relink && !NothingToRelink(hasher.listing(), options_.link_types);
  if (std::optional<ObjectInfo> known = hasher.FindFolder(); known && !relink) {
    HashedTree stored{*std::move(known), {}};
    TRY(const bool is_stored, IsStored(*this, stored.info, options, stored.tree));
    if (is_stored) return stored;
  }
  TRY(const std::unique_ptr<ObjectWriter> writer, ObjectWriter::Open(*this, options.legacy, options.work));
  TRYV(hasher.LookUp([&](const Md5& md5) { return writer->finder().Has({md5, false, options.legacy}); }));
  TRYV(hasher.HashRest(
      [&](FileReader& reader, int root, const char* path) { return writer->Store(reader, root, dir, path, hardlink); }));
  const auto store_dir = [&](const Tree& tree) -> Result<ObjectId> {
    TRY(const ObjectId id, writer->StoreDir(tree));
    TRYV(writer->Finish());
    // Only when all is safe.
    if (relink) TRYV(RelinkFiles(*this, dir, hasher, options));
    return id;
  };
  return hasher.Finish(store_dir);
}

Result<ObjectInfo> ObjectStore::PutFile(const fs::path& file, const PutOptions& options) {
  TRY(FileFacts facts, FactsOf(file));
  TRY(const std::unique_ptr<ObjectWriter> writer, ObjectWriter::Open(*this, options.legacy, options.work));
  ObjectInfo info;
  info.is_exec = facts.IsExec();
  info.legacy = options.legacy;
  const auto key = [&] { return HashState::KeyOfFile(file.native(), facts, options.legacy); };
  HashedFile stored;
  stored.facts = facts;
  bool is_stored = false;
  if (options_.state != nullptr) {
    if (const std::optional<Md5> known = options_.state->Find(key())) {
      TRY(is_stored, writer->finder().Has({*known, false, options.legacy}));
      stored.md5 = *known;
    }
  }
  if (!is_stored) {
    options.work.Expect(1, facts.size);
    FileReader reader(options_.state);
    // A link would give the object an executable's mode.
    const bool hardlink = WantsHardlinks(options_, options) && !info.is_exec;
    const fs::path folder;
    TRY(stored, writer->Store(reader, AT_FDCWD, folder, file.c_str(), hardlink));
    TRYV(writer->Finish());
    const bool is_link = facts.is_link;
    facts = stored.facts;
    facts.is_link = is_link;
    if (options_.state != nullptr && stored.is_settled) options_.state->Remember(key(), stored.md5);
    if (options_.state != nullptr && stored.is_made) options_.state->RememberMade(key(), stored.md5, facts);
  }
  info.md5 = HexOf(stored.md5);
  info.size = facts.size;
  const fs::path object = PathOf(ObjectId{stored.md5, false, options.legacy});
  // An executable is a copy whatever the link types say.
  const bool is_right = info.is_exec && !facts.is_link && !facts.is_hard_linked;
  if (options.relink && !is_right && NeedsRelink(file, facts, object, options_.link_types)) {
    TRY(const FileFacts now, FactsOf(file));
    if (!now.SameContent(facts)) return info;
    Linker linker(options_.link_types, options_.temp_dir);
    TRYV(linker.Link(object, file, {.exec = info.is_exec}));
    TRY(facts, FactsOf(file));
    if (options_.state != nullptr) options_.state->RememberMade(key(), stored.md5, facts);
  }
  return info;
}

Result<ObjectInfo> ObjectStore::Put(const fs::path& path, const PutOptions& options) {
  if (!os::IsDir(path)) return PutFile(path, options);
  TRY(HashedTree tree, PutTree(path, options));
  return std::move(tree.info);
}

}  // namespace mlean::cas

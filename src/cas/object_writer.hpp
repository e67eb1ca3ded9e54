// ObjectWriter: makes objects in one layout of a cache. Used by ObjectStore; made for one operation. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cas/file_reader.hpp"
#include "cas/object_finder.hpp"
#include "cas/object_store.hpp"

namespace mlean::cas {

class ObjectWriter {
 public:
  // Makes the layout's folder. The store outlives this.
  static Result<std::unique_ptr<ObjectWriter>> Open(const ObjectStore& store, bool legacy, const Work& work);
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  ~ObjectWriter();

  const ObjectFinder& finder() const { return finder_; }
  // Reads the file and keeps it, unless it is there. With `hardlink` the object is the file itself where possible.
  Result<HashedFile> Store(FileReader& reader, int at, const std::filesystem::path& folder, const char* path, bool hardlink);
  Result<ObjectId> StoreBytes(std::string_view bytes);
  Result<ObjectId> StoreDir(const Tree& tree);
  // A hard link where possible, else a copy. The file has this content.
  Result<void> Adopt(const std::filesystem::path& file, const ObjectId& id);
  // After the last object: syncs the folders of a durable store.
  Result<void> Finish();

 private:
  class Temp;
  ObjectWriter(const ObjectStore& store, int base, std::filesystem::path path, bool legacy, const Work& work);
  Result<HashedFile> StoreSmall(FileReader& reader, std::string_view block, bool hardlink);
  Result<HashedFile> StoreLarge(FileReader& reader, std::string_view block, bool hardlink);
  // Makes the object of the file that is open in the reader; false where links are refused.
  Result<bool> LinkOpenFile(const FileReader& reader, const ObjectId& id);
  Result<void> Write(Temp& temp, std::string_view bytes) const;
  // Makes the file share the blocks of the one that is open in the reader; false where that is refused, or a change of the
  // latter while it is read might go unseen.
  bool Clone(const Temp& temp, const FileReader& reader);
  // Gives the temporary file its mode and name.
  Result<void> Publish(Temp& temp, const ObjectId& id);
  Result<void> MakeFolderOf(const ObjectId& id);
  Error Failed(std::string_view verb, const std::string& name, int number) const;

  const ObjectStore& store_;
  const ObjectFinder finder_;
  const int base_;  // the layout's folder
  const std::filesystem::path path_;
  const bool legacy_;
  const Work work_;
  std::array<std::atomic<bool>, 256> folders_{};  // known to exist
  std::atomic<bool> can_clone_ = true;
};

}  // namespace mlean::cas

// What the golden tests of this room share. Test header of the pipeline room.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "codec/json.hpp"
#include "codec/python_text.hpp"
#include "os/files.hpp"
#include "pipeline/objects.hpp"

namespace mlean::pipeline {

// Lines of tests/golden/pipeline/<name>, made by make_golden.py there.
inline std::vector<codec::Json> GoldenRows(const std::string& name) {
  std::vector<codec::Json> rows;
  std::ifstream file(std::string(MLEAN_SOURCE_DIR "/tests/golden/pipeline/") + name);
  for (std::string line; std::getline(file, line);) {
    Result<codec::Json> row = codec::Json::Parse(line, {.allow_nan = true});
    EXPECT_TRUE(row) << line;
    if (row) rows.push_back(*std::move(row));
  }
  return rows;
}

// A folder with the files of a row's `files`.
class GoldenFolder {
 public:
  explicit GoldenFolder(const codec::Json& files) : temp_(*os::TempDir::Make()), root_(std::filesystem::canonical(temp_.path())) {
    if (files.IsObject()) {
      for (const auto& [name, text] : files.AsObject()) Write(name, text.AsString());
    }
  }
  void Write(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(os::MakeDirs((root_ / name).parent_path()));
    std::ofstream(root_ / name, std::ios::binary | std::ios::trunc) << text;
  }
  std::string Read(const std::string& name) const { return os::ReadFile(root_ / name).value_or("<none>"); }
  // Texts name the folder "ROOT", as the golden ones do.
  std::string Neutral(std::string_view text) const { return ReplaceAll(text, root_.string(), "ROOT"); }
  const std::filesystem::path& root() const { return root_; }

 private:
  os::TempDir temp_;
  std::filesystem::path root_;
};

// Objects in memory: files and folders by their md5.
class FakeObjects : public Objects {
 public:
  Result<Content> HashPath(const std::filesystem::path& path, const std::string& hash_name) override {
    ++hashed;
    return Take(path, hash_name, nullptr);
  }
  Result<Content> Store(const std::filesystem::path& path, const std::string& hash_name) override {
    return Take(path, hash_name, &kept);
  }
  Result<bool> Has(const Content& content) override { return kept.contains(content.hash); }
  Result<void> Checkout(const Content& content, const std::filesystem::path& path, bool) override {
    const auto found = kept.find(content.hash);
    if (found == kept.end()) return Fail(Code::kNotFound, "not kept");
    TRYV(os::RemoveTree(path));
    if (!content.IsDir()) return os::WriteFileAtomic(path, found->second);
    const codec::Json listing = *codec::Json::Parse(found->second);
    for (const codec::Json& entry : listing.AsArray()) {
      const std::filesystem::path file = path / *entry.StringAt("relpath");
      TRYV(os::MakeDirs(file.parent_path()));
      TRYV(os::WriteFileAtomic(file, kept.at(*entry.StringAt("md5"))));
    }
    return {};
  }
  Result<void> Ignore(const std::filesystem::path& path) override {
    ignored.push_back(path.filename().string());
    return {};
  }

  std::map<std::string, std::string> kept;
  std::vector<std::string> ignored;
  std::size_t hashed = 0;

 private:
  static Result<Content> Take(const std::filesystem::path& path, const std::string& hash_name,
                              std::map<std::string, std::string>* kept) {
    Content content;
    content.hash_name = hash_name;
    if (!os::IsDir(path)) {
      TRY(const std::string text, os::ReadFile(path));
      content.hash = Md5Hex(text);
      content.size = text.size();
      if (kept != nullptr) (*kept)[content.hash] = text;
      return content;
    }
    TRY(const std::vector<os::TreeEntry> entries, os::ListTree(path));
    codec::Json listing = codec::Json::Array{};
    std::uint64_t size = 0;
    for (const os::TreeEntry& entry : entries) {
      TRY(const Content file, Take(path / entry.path, hash_name, kept));
      listing.Push(codec::Json::Object{{"md5", file.hash}, {"relpath", entry.path}});
      size += file.size.value_or(0);
    }
    const std::string text = listing.DumpPython(true);
    content.hash = Md5Hex(text) + ".dir";
    content.size = size;
    content.nfiles = entries.size();
    if (kept != nullptr) (*kept)[content.hash] = text;
    return content;
  }
};

}  // namespace mlean::pipeline

// Stage: one unit of a project: a `.dvc` file, or one stage of a dvc.yaml with its templates resolved and its dvc.lock entry
// filled in. Plain values; made by the readers (dvc_file.hpp, dvc_yaml.hpp, index.hpp), changed by whoever runs, adds or commits,
// written by stage_files.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"

namespace mlean::pipeline {

// What is recorded of a content.
struct Content {
  // "md5", also of new content. "md5-dos2unix": an entry of DVC 2, known by its missing `hash` key, to be looked up in the old
  // cache layout. "etag" and "checksum": of a source elsewhere. Any other `hash` value as it stands.
  std::string hash_name = "md5";
  std::string hash;  // empty: nothing is recorded; "….dir" of a folder
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> nfiles;  // files in a folder, all levels
  bool is_exec = false;
  std::string version_id;  // of a versioned source or remote
  std::string etag;
  std::string checksum;
  std::string cloud;  // name of the remote whose version_id, etag and checksum these are (`cloud:`)

  bool Known() const { return !hash.empty(); }
  bool IsDir() const { return hash.ends_with(".dir"); }
  bool IsLegacy() const { return hash_name == "md5-dos2unix"; }
  // The same name and value of the hash; sizes do not count.
  bool SameAs(const Content& other) const { return hash_name == other.hash_name && hash == other.hash; }
};

// One file of a folder whose files are listed one by one (`files:`, cloud versioning).
struct FileRecord {
  std::string relpath;
  Content content;
};

struct Output {
  std::string path;      // as written, relative to wdir; or absolute; or a URL
  std::string location;  // see place.hpp
  Content content;
  std::optional<std::vector<FileRecord>> files;
  bool cache = true;     // kept in the cache and ignored by git
  bool persist = false;  // not removed before a run
  bool push = true;
  bool metric = false;
  bool plot = false;
  codec::Json plot_props;  // object of template, x, y, … as written; null: none
  std::string remote;      // the only remote that holds it; empty: the default one
  std::string desc;
  std::string type;
  std::vector<std::string> labels;
  codec::Json meta;
  codec::Json fs_config;
  bool Inside() const;  // in the project
  bool UsesGitIgnore() const { return Inside() && cache; }
};

struct Dependency {
  enum class Kind : std::uint8_t {
    kPath,     // a file, a folder or a URL
    kParams,   // values of a parameter file
    kRepo,     // a path in another repository (import)
    kDb,       // a database query (import-db)
    kDataset,  // "ds://name"
  };
  Kind kind = Kind::kPath;
  std::string path;      // as written
  std::string location;  // kPath, kParams
  Content content;
  std::optional<std::vector<FileRecord>> files;
  codec::Json fs_config;
  // kParams: dotted keys, none for the whole file; what was recorded of them, an object, or null when nothing was.
  std::vector<std::string> keys;
  codec::Json values;
  // kRepo. `config` and `remote` are a string or an object, null when absent.
  std::string repo_url;
  std::string repo_rev;
  std::string repo_rev_lock;
  codec::Json repo_config;
  codec::Json repo_remote;
  codec::Json db;       // kDb: object of query, table, connection, file_format
  codec::Json dataset;  // kDataset: what dvc.lock recorded
};

struct Stage {
  std::string file;        // location of the .dvc or dvc.yaml
  std::string name;        // in dvc.yaml; empty for a .dvc file
  std::string wdir = ".";  // location
  codec::Json cmd;         // string or list of strings; null: none
  std::vector<Dependency> deps;
  std::vector<Output> outs;
  bool frozen = false;
  bool always_changed = false;
  std::string md5;  // of a .dvc file of an import
  std::string desc;
  codec::Json meta;

  // Of a stage in dvc.yaml:
  bool locked = false;           // dvc.lock has an entry
  bool command_changed = false;  // the entry's command is another one
  bool doubtful = false;         // the entry is to be written anew (DvcLock::Doubtful)
  bool parametrized = false;     // has ${…}, or comes from foreach or matrix: is never rewritten in dvc.yaml
  std::string group;             // the foreach or matrix group it comes from
  codec::Json tracked_vars;      // object: file -> {key -> value} that its templates used
  // Of a .dvc file: the text it was read from, which a rewrite keeps (comments, order, keys of no meaning to us). Empty when new.
  std::string text;

  bool InYaml() const { return !name.empty(); }
  bool IsDataSource() const { return cmd.IsNull(); }  // by add or import
  bool IsCallback() const { return !cmd.IsNull() && deps.empty() && outs.empty(); }
  bool IsImport() const { return cmd.IsNull() && deps.size() == 1 && outs.size() == 1; }
  bool IsRepoImport() const { return IsImport() && deps[0].kind == Dependency::Kind::kRepo; }
  bool IsDbImport() const { return IsImport() && deps[0].kind == Dependency::Kind::kDb; }
  bool IsPartialImport() const { return IsImport() && !outs[0].content.Known(); }  // by --no-download
  // The command in pieces that each run in a shell of its own: the items of a list, or the lines of a text.
  std::vector<std::string> Lines() const;
  const Output* FindOutput(std::string_view path) const;  // by path as written
};

// The file system's "hash: md5" order of keys: what stands in `outs` and `deps` of a .dvc file and of dvc.lock.
// One entry of a `.dvc` file: md5, size, nfiles, isexec, …, hash, path, and what else is not at its default.
codec::Json DvcFileEntry(const Output& output);
codec::Json DvcFileEntry(const Dependency& dependency);
// One entry of dvc.lock: path, hash, md5, size, nfiles, isexec, …
codec::Json LockEntry(const Output& output);
codec::Json LockEntry(const Dependency& dependency);

}  // namespace mlean::pipeline

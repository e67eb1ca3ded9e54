// YamlTree: a YAML document that is changed and written again with the bytes that ruamel.yaml's round-trip mode gives, which is
// how DVC rewrites its files: comments, order of keys, flow style and number formats stay; quotes, indentation and line folding
// become the writer's (width 80, list items not indented under their key).
//
// Its reader is ruamel's too: YAML 1.2 core schema, and errors with ruamel's text and place. Limits: 64 MiB, depth 100, 2 million
// nodes with aliases expanded (64 bytes of text count as one more); keys are scalars. Plain values; one thread; nothing throws.
//
//   TRY(YamlTree tree, YamlTree::Parse(text));
//   tree.Apply(value);         // as DVC's apply_diff: only what differs is replaced
//   text = tree.Write();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::codec {

// Why a text is no YAML, in ruamel's words. Lines and columns from 0, as there; columns in characters.
struct YamlProblem {
  struct Mark {
    std::size_t line = 0;
    std::size_t column = 0;
  };
  std::string context;  // "while parsing a block mapping"; may be empty
  std::optional<Mark> context_mark;
  std::string problem;  // "expected <block end>, but found '-'"
  std::optional<Mark> problem_mark;
  // "while parsing a block mapping, line 1, column 1: expected …, line 2, column 3"
  std::string Text() const;
  // As ruamel prints it: a line for each part, with the line of `source` that it is about and a mark below.
  std::string Report(std::string_view source) const;
};

namespace yaml {
struct Node;
}

// A look at one value of a tree, with the type the reader gave it. Valid while the tree lives and is not changed.
class YamlValue {
 public:
  enum class Type : std::uint8_t { kNull, kBool, kInt, kFloat, kString, kTime, kList, kMap };
  explicit YamlValue(const yaml::Node* node) : node_(node) {}
  Type type() const;
  bool IsString() const { return type() == Type::kString; }
  bool IsList() const { return type() == Type::kList; }
  bool IsMap() const { return type() == Type::kMap; }
  const std::string& Text() const;  // of a string or a time
  std::size_t size() const;         // of a list or map
  YamlValue Item(std::size_t index) const;
  YamlValue Key(std::size_t index) const;
  YamlValue Value(std::size_t index) const;
  std::optional<YamlValue> Find(std::string_view key) const;  // by a string key
  Json ToJson() const;                                        // dates are strings

 private:
  const yaml::Node* node_;
};

class YamlTree {
 public:
  using Path = std::vector<std::string>;  // keys, and indices of lists, from the root

  YamlTree();  // an empty mapping
  YamlTree(YamlTree&&) noexcept;
  YamlTree& operator=(YamlTree&&) noexcept;
  ~YamlTree();

  // The error's `what` is YamlProblem::Text(); `problem`, when given, gets its parts.
  static Result<YamlTree> Parse(std::string_view text, YamlProblem* problem = nullptr);
  static YamlTree From(const Json& value);

  YamlValue root() const;
  Json ToJson() const;  // dates are strings
  bool Empty() const;   // no document, or null, or an empty collection
  bool Has(const Path& path) const;
  Json At(const Path& path) const;  // null when it is not there
  // Where the collection at `path` starts, from 0; nullopt for scalars and what is not there.
  std::optional<YamlProblem::Mark> PlaceOf(const Path& path) const;
  // Keys and list indices down to the first date or time stamp; empty when there is none.
  Path FirstDate() const;

  // Makes the collection at `path` hold `value`, keeping what is equal already (Python's ==) with its comments.
  Result<void> Apply(const Path& path, const Json& value);
  // Sets a key of the mapping at `path`; a new key goes to the end. The old value goes with the comments inside it.
  Result<void> Set(const Path& path, std::string_view key, const Json& value);
  Result<void> Append(const Path& path, const Json& value);  // to the list there
  Result<void> Remove(const Path& path, std::string_view key);

  std::string Write() const;
  // Text of each member of the mapping under root key `key`, and of what stands before the first and behind the last: joined they
  // are Write(). For files of many entries of which one changes.
  struct Pieces {
    std::string head;
    std::vector<std::pair<std::string, std::string>> members;  // key -> text
    std::string tail;
  };
  Pieces WritePieces(std::string_view key) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlean::codec

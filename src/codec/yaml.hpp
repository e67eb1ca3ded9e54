// YAML 1.2 reader: a tree of nodes that know where they stand in the source, for configuration and DVC's files.
//
// One document. Duplicate keys, more than one document, nesting over `max_depth`, over `max_nodes` nodes (with aliases expanded,
// so that "billion laughs" ends early), invalid UTF-8 and keys that are no scalars are errors. Aliases are resolved by copying;
// merge keys (<<) are applied. Scalars are typed as ruamel's "safe" loader does with YAML 1.2, which is what DVC reads:
// yes/on/12:30 are strings, 010 is 10, 0o10 is 8, 0x1F, 0b11, 1_000, 1e3 and 1e-3 are numbers, ~ and nothing are null. Dates stay
// strings.
//
//   TRY(const YamlDocument doc, YamlDocument::Parse(text, "mlean.yaml"));
//   TRYV(doc.UnknownKeys(doc.root(), {"project", "data"}));           // "mlean.yaml:12:5: unknown key 'dta'; did you mean
//   'data'?" TRY(const YamlNode* data, doc.Mapping(*doc.root().Find("data"), "data"));
//
// All errors are kInvalid "FILE:LINE:COLUMN: cause", line and column from 1, columns in characters. Plain values; never throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::codec {

struct YamlMark {
  std::size_t offset = 0;  // byte offset in the source
  int line = 1;
  int column = 1;
};

enum class YamlKind : std::uint8_t { kNull, kScalar, kSequence, kMapping };
enum class YamlStyle : std::uint8_t { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral, kFolded, kBlock, kFlow };

struct YamlMember;

struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  YamlStyle style = YamlStyle::kPlain;  // kPlain … kFolded for scalars, kBlock or kFlow for the others
  bool tagged_string = false;           // !!str, or "!": a string whatever the text looks like
  bool aliased = false;         // written elsewhere, at an anchor: has the marks of the *alias, its content those of the anchor
  std::string text;             // of a scalar, escapes and folding resolved; of a null as written ("", "~", "null")
  std::vector<YamlNode> items;  // of a sequence
  std::vector<YamlMember> members;  // of a mapping, in the order of the source
  // The source of the node is [start.offset, end.offset): with quotes or brackets, without tag, anchor and block header ("|"). A
  // block collection starts at its first key or dash. A null written as nothing is an empty range.
  YamlMark start;
  YamlMark end;

  bool IsNull() const { return kind == YamlKind::kNull; }
  bool IsScalar() const { return kind == YamlKind::kScalar; }
  bool IsSequence() const { return kind == YamlKind::kSequence; }
  bool IsMapping() const { return kind == YamlKind::kMapping; }
  // The value under `key`; nullptr when absent or no mapping.
  const YamlNode* Find(std::string_view key) const;
  // Typed value; mappings become objects, sequences arrays.
  Json ToJson() const;
  // "nothing", "a bool", "an integer", "a number", "a string", "a list", "a mapping": for error texts.
  std::string_view TypeName() const;
};

struct YamlMember {
  YamlNode key;  // a scalar (or a null); key.text is its name
  YamlNode value;
};

// The type a plain scalar of this text gets: null, bool, integer, double or string.
Json TypedPlainScalar(std::string_view text);
// Whether ruamel would make a date or a time stamp of this plain text.
bool LooksLikeYamlDate(std::string_view text);

struct YamlParseOptions {
  std::size_t max_bytes = std::size_t{64} << 20;
  std::size_t max_depth = 60;
  std::size_t max_nodes = 2'000'000;
};

class YamlDocument {
 public:
  // `file` is the name used in errors. An empty text gives a null root.
  static Result<YamlDocument> Parse(std::string_view text, std::string_view file, const YamlParseOptions& options = {});

  const YamlNode& root() const { return root_; }
  const std::string& file() const { return file_; }

  // "FILE:LINE:COLUMN: cause"
  Error At(const YamlNode& node, std::string_view cause, Code code = Code::kInvalid) const;
  // Typed values; `name` is the key in the error: "mlean.yaml:3:8: 'share' must be a number, not a string".
  Result<std::string> String(const YamlNode& node, std::string_view name) const;
  Result<double> Double(const YamlNode& node, std::string_view name) const;  // integers too
  Result<std::int64_t> Int(const YamlNode& node, std::string_view name) const;
  Result<bool> Bool(const YamlNode& node, std::string_view name) const;
  Result<const YamlNode*> Sequence(const YamlNode& node, std::string_view name) const;
  Result<const YamlNode*> Mapping(const YamlNode& node, std::string_view name) const;
  // A list of strings, or one string as a list of one.
  Result<std::vector<std::string>> Strings(const YamlNode& node, std::string_view name) const;
  // Error for the first key of the mapping that is not in `known`.
  Result<void> UnknownKeys(const YamlNode& mapping, const std::vector<std::string>& known) const;

 private:
  std::string file_;
  YamlNode root_;
};

}  // namespace mlean::codec

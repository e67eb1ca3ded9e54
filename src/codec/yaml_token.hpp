// Tokens of a YAML text, with the comments between them: what YamlTree's reader is made of. Inner header of the codec room.
//
// Comments travel as in ruamel.yaml's round-trip scanner, because where a comment is tied to decides where it is written again:
// a token has a list of slots, [0] the comment behind it on its line (with the comment lines that follow), [1] the comment lines
// before it, [4] marks one that stood behind a key whose value starts on a later line. Lists are shared, and taking a comment off
// one owner takes it off all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/yaml_tree.hpp"

namespace mlean::codec::yaml {

struct Mark {
  std::size_t line = 0;    // from 0
  std::size_t column = 0;  // in characters
  std::size_t offset = 0;  // in bytes
};

struct Comment {
  std::string value;  // with '#', line ends and the blank lines that follow
  Mark start;
  bool written = false;  // already written before the collection it precedes
  bool header = false;   // stands behind '|' or '>'
};
using CommentPtr = std::shared_ptr<Comment>;
using CommentLines = std::shared_ptr<std::vector<CommentPtr>>;

struct CommentSlot {
  CommentPtr one;
  CommentLines lines;
  bool Empty() const { return one == nullptr && (lines == nullptr || lines->empty()); }
  bool IsNone() const { return one == nullptr && lines == nullptr; }
};
using Comments = std::vector<CommentSlot>;
using CommentsPtr = std::shared_ptr<Comments>;

enum class TokenKind : std::uint8_t {
  kStreamStart,
  kStreamEnd,
  kDirective,
  kDocumentStart,
  kDocumentEnd,
  kBlockSequenceStart,
  kBlockMappingStart,
  kBlockEnd,
  kFlowSequenceStart,
  kFlowMappingStart,
  kFlowSequenceEnd,
  kFlowMappingEnd,
  kKey,
  kValue,
  kBlockEntry,
  kFlowEntry,
  kAlias,
  kAnchor,
  kTag,
  kScalar,
  kComment,
};
// As errors name it: "<block end>", "?", "<scalar>".
std::string_view TokenId(TokenKind kind);

struct Token {
  TokenKind kind = TokenKind::kStreamStart;
  Mark start;
  Mark end;
  std::string text;        // of a scalar, anchor, alias, comment; the suffix of a tag; the name of a directive
  std::string tag_handle;  // "!", "!!", "!x!"; "" for none
  char style = 0;          // of a scalar: 0 plain, ' " | >
  CommentsPtr comments;
};

// Python's repr() of one character, as errors show it.
std::string CharRepr(char32_t c);

}  // namespace mlean::codec::yaml

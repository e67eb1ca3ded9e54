// The value tree of a YamlTree: typed values with the formats and comments that a rewrite keeps. Inner header of the codec room.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "codec/yaml_token.hpp"

namespace mlean::codec::yaml {

// What the composer makes of the text: nodes with their comments, not typed yet. An alias is the node itself once more.
struct RawNode;
using RawPtr = std::shared_ptr<RawNode>;
struct RawNode {
  enum class Kind : std::uint8_t { kScalar, kSequence, kMapping } kind = Kind::kScalar;
  std::string text;
  char style = 0;
  bool flow = false;
  bool plain = false;  // may be a number, a bool, …: not quoted, no tag
  std::string tag;     // as written ("!!str"); "" for none
  std::string anchor;
  Mark start;    // with anchor and tag
  Mark content;  // without them
  Mark end;      // of a block collection: that of its last child
  CommentsPtr comments;
  std::vector<RawPtr> children;  // of a mapping: key, value, key, value, …
  std::size_t size = 1;          // nodes below and this one, aliases in full; 64 bytes of text count as one
  std::size_t height = 0;        // levels below, aliases counted
  std::map<std::size_t, std::pair<Mark, Mark>> aliases;  // which children are, and where they stand
};

struct ComposeLimits {
  std::size_t max_depth = 100;
  std::size_t max_nodes = 2'000'000;
};
// nullptr in `root`: no document. False: see `problem`. `text_file`, `comments`: see Scanner.
struct ComposeMode {
  bool text_file = true;
  bool comments = true;
};
bool Compose(std::string_view text, const ComposeMode& mode, const ComposeLimits& limits, RawPtr& root, YamlProblem& problem);

struct Node;
using NodePtr = std::shared_ptr<Node>;

struct Node {
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kFloat, kString, kTime, kList, kMap };
  struct Entry {
    NodePtr key;
    NodePtr value;
    bool merged = false;  // came by "<<" from elsewhere: found, but not written
  };

  Kind kind = Kind::kNull;
  Json value;                      // of a scalar; of a time its text
  std::string text;                // of a number, bool or time: as it is written
  char style = 0;                  // of a string: '|' or '>', which stay
  std::vector<std::size_t> folds;  // of '>': where the text was folded (bytes)
  std::string header_comment;      // behind '|' or '>'
  std::string anchor;
  bool always_anchor = false;  // scalars keep their anchor though nobody refers to it
  std::string tag;             // as written; "" for none

  std::vector<NodePtr> items;
  std::vector<Entry> entries;
  std::optional<bool> flow;  // of a collection that was read
  Mark place;
  std::vector<NodePtr> merges;  // maps that "<<" names
  NodePtr merge_list;           // the list of them, when it is written as one
  std::size_t merge_at = 0;     // entries before "<<"

  CommentsPtr comments;                              // [0] behind the key or dash, [1] lines before
  CommentLines end_comments;                         // at the end of the document
  std::map<std::string, CommentsPtr> key_comments;   // of a map, by KeyId: [key post, key pre, value post, value pre]
  std::map<std::size_t, CommentsPtr> item_comments;  // of a list, by index

  bool IsCollection() const { return kind == Kind::kList || kind == Kind::kMap; }
};

// Equal keys of Python's dict have equal ids.
std::string KeyId(const Node& key);
Node::Entry* FindEntry(Node& map, std::string_view key);
const Node::Entry* FindEntry(const Node& map, std::string_view key);

// Types the nodes. False: a duplicate key, a bad merge or a tag nobody knows.
bool Construct(const RawPtr& root, NodePtr& out, YamlProblem& problem);
NodePtr FromJson(const Json& value);
Json ToJson(const Node& node);

// How a number, bool or time that was read is written again.
std::string RewrittenInt(std::string_view text);
std::string RewrittenFloat(std::string_view text, double value);
std::string RewrittenTime(std::string_view text);

}  // namespace mlean::codec::yaml

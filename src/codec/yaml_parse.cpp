// The tree builder on libfyaml's events. The only file that sees libfyaml.
#include <fmt/core.h>
#include <libfyaml.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/text.hpp"
#include "codec/yaml.hpp"

namespace mlean::codec {
namespace {

struct ParserDeleter {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct DiagDeleter {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

std::string_view TokenText(fy_token* token) {
  if (token == nullptr) return {};
  std::size_t size = 0;
  const char* const text = fy_token_get_text(token, &size);
  return text == nullptr ? std::string_view{} : std::string_view(text, size);
}

class Builder {
 public:
  Builder(std::string_view text, std::string_view file, const YamlParseOptions& options)
      : text_(text), file_(file), options_(options) {}
  ~Builder() { Drop(); }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  Result<YamlNode> Run() {
    TRYV(Start());
    YamlNode root;
    bool seen = false;
    for (;;) {
      TRYV(Advance());
      switch (event_->type) {
        case FYET_NONE:
        case FYET_STREAM_START:
        case FYET_DOCUMENT_END: break;
        case FYET_STREAM_END: return root;
        case FYET_DOCUMENT_START:
          if (seen) return Wrong(EventStart(), "only one document is allowed");
          seen = true;
          break;
        case FYET_MAPPING_START:
        case FYET_SEQUENCE_START:
        case FYET_SCALAR:
        case FYET_ALIAS: {
          TRY(root, Node(0));
          break;
        }
        case FYET_MAPPING_END:
        case FYET_SEQUENCE_END: return Wrong(EventStart(), "unbalanced end");
      }
    }
  }

 private:
  Error Wrong(const YamlMark& mark, std::string_view cause) const {
    return Fail(Code::kInvalid, fmt::format("{}:{}:{}: {}", file_, mark.line, mark.column, cause));
  }

  Result<void> Start() {
    if (text_.size() > options_.max_bytes) {
      return Fail(Code::kTooLarge, fmt::format("cannot read '{}': over {}", file_, HumanBytes(options_.max_bytes)));
    }
    if (!IsValidUtf8(text_)) return Fail(Code::kInvalid, fmt::format("{}:1:1: the text is not valid UTF-8", file_));
    fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = nullptr;
    diag_.reset(fy_diag_create(&diag_config));
    if (diag_ == nullptr) return Fail(Code::kInternal, "cannot parse YAML: no parser");
    fy_diag_set_collect_errors(diag_.get(), true);
    fy_parse_cfg config{};
    config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE);
    config.diag = diag_.get();
    parser_.reset(fy_parser_create(&config));
    // An empty view may have no address, which libfyaml refuses.
    if (parser_ == nullptr || fy_parser_set_string(parser_.get(), text_.empty() ? "" : text_.data(), text_.size()) != 0) {
      return Fail(Code::kInternal, "cannot parse YAML: no parser");
    }
    return {};
  }

  void Drop() {
    if (event_ != nullptr) fy_parser_event_free(parser_.get(), event_);
    event_ = nullptr;
  }

  Result<void> Advance() {
    Drop();
    event_ = fy_parser_parse(parser_.get());
    if (event_ != nullptr) return {};
    void* iterator = nullptr;
    if (const fy_diag_error* const error = fy_diag_errors_iterate(diag_.get(), &iterator)) {
      const YamlMark mark{0, std::max(error->line, 1), std::max(error->column, 1)};
      return Wrong(mark, error->msg == nullptr ? "not valid YAML" : Trim(error->msg));
    }
    return Wrong(last_end_, "not valid YAML");
  }

  static YamlMark ToMark(const fy_mark& mark) { return {mark.input_pos, mark.line + 1, mark.column + 1}; }
  YamlMark EventStart() const {
    const fy_mark* const mark = fy_event_start_mark(event_);
    return mark == nullptr ? last_end_ : ToMark(*mark);
  }
  YamlMark EventEnd() const {
    const fy_mark* const mark = fy_event_end_mark(event_);
    return mark == nullptr ? last_end_ : ToMark(*mark);
  }

  Result<void> Count(std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ <= options_.max_nodes) return {};
    return Fail(Code::kTooLarge, Wrong(EventStart(), "too many nodes, aliases counted").what);
  }

  // The event is the node's first; afterwards it is its last.
  Result<YamlNode> Node(std::size_t depth) {
    if (depth > options_.max_depth) return Wrong(EventStart(), "nested too deep");
    TRYV(Count(1));
    if (event_->type == FYET_ALIAS) return Alias();
    const std::string anchor(TokenText(fy_event_get_anchor_token(event_)));
    const std::string tag(TokenText(fy_event_get_tag_token(event_)));
    Result<YamlNode> node = event_->type == FYET_SCALAR           ? Scalar(tag)
                            : event_->type == FYET_SEQUENCE_START ? Sequence(depth)
                                                                  : Mapping(depth);
    if (!node) return node;
    TRYV(CheckTag(*node, tag));
    if (!anchor.empty()) anchors_[anchor] = *node;
    return node;
  }

  Result<void> CheckTag(const YamlNode& node, std::string_view tag) const {
    if (tag.empty() || tag == "!") return {};
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (tag.starts_with(kCore)) {
      const std::string_view name = tag.substr(kCore.size());
      const bool typed = name == "int" || name == "float" || name == "bool" || name == "null";
      if (node.IsMapping() ? name == "map" : node.IsSequence() ? name == "seq" : name == "str" || typed) return {};
    }
    return Wrong(node.start, fmt::format("the tag '{}' is not supported here", tag));
  }

  static std::size_t Size(const YamlNode& node) {
    std::size_t size = 1;
    for (const YamlNode& item : node.items) size += Size(item);
    for (const YamlMember& member : node.members) size += 1 + Size(member.value);
    return size;
  }
  static std::size_t Depth(const YamlNode& node) {
    std::size_t depth = 0;
    for (const YamlNode& item : node.items) depth = std::max(depth, 1 + Depth(item));
    for (const YamlMember& member : node.members) depth = std::max(depth, 1 + Depth(member.value));
    return depth;
  }
  static void MarkAliased(YamlNode& node) {
    node.aliased = true;
    for (YamlNode& item : node.items) MarkAliased(item);
    for (YamlMember& member : node.members) MarkAliased(member.value);
  }

  Result<YamlNode> Alias() {
    const std::string name(TokenText(event_->alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return Wrong(EventStart(), fmt::format("unknown alias '{}'", name));
    TRYV(Count(Size(found->second)));
    YamlNode node = found->second;
    MarkAliased(node);
    // libfyaml's mark leaves the '*' out.
    node.start = EventStart();
    --node.start.offset;
    --node.start.column;
    last_end_ = node.end = EventEnd();
    return node;
  }

  Result<YamlNode> Scalar(std::string_view tag) {
    YamlNode node;
    fy_token* const token = event_->scalar.value;
    node.kind = YamlKind::kScalar;
    switch (fy_token_scalar_style(token)) {
      case FYSS_SINGLE_QUOTED: node.style = YamlStyle::kSingleQuoted; break;
      case FYSS_DOUBLE_QUOTED: node.style = YamlStyle::kDoubleQuoted; break;
      case FYSS_LITERAL: node.style = YamlStyle::kLiteral; break;
      case FYSS_FOLDED: node.style = YamlStyle::kFolded; break;
      case FYSS_PLAIN:
      case FYSS_ANY:
      case FYSS_MAX: node.style = YamlStyle::kPlain; break;
    }
    node.text = TokenText(token);
    node.tagged_string = tag == "!" || tag.ends_with(":str");
    if (fy_event_start_mark(event_) == nullptr) {
      node.start = node.end = last_end_;
    } else {
      node.start = EventStart();
      node.end = EventEnd();
      // libfyaml's marks leave the quotes out.
      if (node.style == YamlStyle::kSingleQuoted || node.style == YamlStyle::kDoubleQuoted) {
        --node.start.offset;
        --node.start.column;
        ++node.end.offset;
        ++node.end.column;
      }
    }
    if (node.style == YamlStyle::kPlain && !node.tagged_string && TypedPlainScalar(node.text).IsNull())
      node.kind = YamlKind::kNull;
    last_end_ = node.end;
    return node;
  }

  // Where a value that is written as nothing stands: behind the ':' or '-' after the last token.
  void SkipIndicator(char indicator) {
    YamlMark mark = last_end_;
    while (mark.offset < text_.size()) {
      const char c = text_[mark.offset];
      const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
      if (c == '#' && indicator == '-') {
        const std::size_t end = std::min(text_.find('\n', mark.offset), text_.size());
        mark.offset = end;
        continue;
      }
      if (!blank && c != indicator) return;
      ++mark.offset;
      ++mark.column;
      if (c == '\n') {
        ++mark.line;
        mark.column = 1;
      }
      if (c == indicator) {
        last_end_ = mark;
        return;
      }
    }
  }

  Result<YamlNode> Sequence(std::size_t depth) {
    YamlNode node;
    node.kind = YamlKind::kSequence;
    node.start = EventStart();
    node.style = EventEnd().offset > node.start.offset ? YamlStyle::kFlow : YamlStyle::kBlock;
    if (node.style == YamlStyle::kFlow) last_end_ = EventEnd();
    for (;;) {
      TRYV(Advance());
      if (event_->type == FYET_SEQUENCE_END) break;
      if (node.style == YamlStyle::kBlock) SkipIndicator('-');
      TRY(YamlNode item, Node(depth + 1));
      node.items.push_back(std::move(item));
    }
    Close(node);
    return node;
  }

  void Close(YamlNode& node) {
    if (node.style == YamlStyle::kFlow) last_end_ = EventEnd();
    // A block of nothing but empty keys and values has no token that ends it.
    if (last_end_.offset < node.start.offset) last_end_ = node.start;
    node.end = last_end_;
  }

  Result<YamlNode> Mapping(std::size_t depth) {
    YamlNode node;
    node.kind = YamlKind::kMapping;
    node.start = EventStart();
    node.style = EventEnd().offset > node.start.offset ? YamlStyle::kFlow : YamlStyle::kBlock;
    if (node.style == YamlStyle::kFlow) last_end_ = EventEnd();
    std::unordered_set<std::string> keys;
    std::vector<YamlNode> merges;
    for (;;) {
      TRYV(Advance());
      if (event_->type == FYET_MAPPING_END) break;
      TRY(YamlNode key, Node(depth + 1));
      if (key.IsSequence() || key.IsMapping()) return Wrong(key.start, "a key must be a scalar");
      TRYV(Advance());
      SkipIndicator(':');
      TRY(YamlNode value, Node(depth + 1));
      if (key.text == "<<" && key.style == YamlStyle::kPlain) {
        merges.push_back(std::move(value));
        continue;
      }
      if (!keys.insert(key.text).second) return Wrong(key.start, fmt::format("the key '{}' occurs twice", key.text));
      node.members.push_back({std::move(key), std::move(value)});
    }
    Close(node);
    for (YamlNode& merge : merges) TRYV(Merge(node, merge, keys, depth));
    return node;
  }

  Result<void> Merge(YamlNode& node, YamlNode& merge, std::unordered_set<std::string>& keys, std::size_t depth) {
    if (depth + Depth(merge) > options_.max_depth) return Wrong(merge.start, "nested too deep");
    if (merge.IsSequence()) {
      for (YamlNode& item : merge.items) TRYV(Merge(node, item, keys, depth));
      return {};
    }
    if (!merge.IsMapping()) return Wrong(merge.start, "a merge key needs a mapping");
    for (YamlMember& member : merge.members) {
      if (!keys.insert(member.key.text).second) continue;
      member.key.aliased = true;
      MarkAliased(member.value);
      node.members.push_back(std::move(member));
    }
    return {};
  }

  const std::string_view text_;
  const std::string_view file_;
  const YamlParseOptions options_;
  std::unique_ptr<fy_diag, DiagDeleter> diag_;
  std::unique_ptr<fy_parser, ParserDeleter> parser_;
  fy_event* event_ = nullptr;
  YamlMark last_end_;
  std::size_t nodes_ = 0;
  std::unordered_map<std::string, YamlNode> anchors_;
};

// libfyaml 0.7 refuses an item that is written as nothing in a list that is not indented under its key ("k:\n- 1\n-\n"), which
// DVC does write. Such items get a '~'.
std::string FillEmptyItems(std::string_view text) {
  const auto indent = [](std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); };
  const std::vector<std::string> lines = Split(text, '\n');
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    out += lines[i];
    if (Trim(lines[i]) != "-") continue;
    std::size_t next = i + 1;
    while (next < lines.size() && Trim(lines[next]).empty()) ++next;
    if (next == lines.size() || indent(lines[next]) <= indent(lines[i])) out += " ~";
  }
  return out;
}

}  // namespace

Result<YamlDocument> YamlDocument::Parse(std::string_view text, std::string_view file, const YamlParseOptions& options) {
  YamlDocument document;
  document.file_ = file;
  Result<YamlNode> root = Builder(text, file, options).Run();
  if (!root && root.error().what.ends_with("did not find expected node content")) {
    Result<YamlNode> filled = Builder(FillEmptyItems(text), file, options).Run();
    document.exact_marks_ = false;
    if (filled) root = std::move(filled);
  }
  if (!root) return std::move(root).error();
  document.root_ = *std::move(root);
  return document;
}

}  // namespace mlean::codec

// Templates in dvc.yaml: "${a.b}" and "${a[0]}" from params.yaml and vars (reference/dvc.md 1.4). Inner header of the pipeline
// room.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "pipeline/place.hpp"
#include "pipeline/source.hpp"

namespace mlean::pipeline {

// Why a template failed; the caller puts the place in front. DVC puts a line break before some of them.
struct TemplateError {
  enum class Kind : std::uint8_t {
    kSyntax,    // broken expression, or a value that cannot stand there
    kUnknown,   // no such key
    kMerge,     // a key is there already
    kLoaded,    // a file is loaded already
    kReserved,  // `item` or `key`
    kLoad,      // a file that is missing or of the wrong kind
    kOther,     // an error with a text and place of its own
  };
  Kind kind = Kind::kOther;
  std::string text;
  Code code = Code::kInvalid;
};

// A value of the context that knows where it came from. Immutable once it is shared, but for the maps of a context.
struct TemplateNode {
  enum class Kind : std::uint8_t { kScalar, kList, kMap };
  Kind kind = Kind::kScalar;
  codec::Json scalar;
  std::vector<std::shared_ptr<TemplateNode>> items;
  std::vector<std::pair<std::string, std::shared_ptr<TemplateNode>>> entries;
  std::string source;    // location of the file, or "vars[0]"
  std::string path;      // dotted
  bool tracked = false;  // from a file: its use is noted
  bool literal = false;  // written in dvc.yaml, not taken from the context

  bool IsCollection() const { return kind != Kind::kScalar; }
  codec::Json ToJson() const;
  std::shared_ptr<TemplateNode> Find(std::string_view key) const;
};
using TemplateNodePtr = std::shared_ptr<TemplateNode>;

TemplateNodePtr LiteralNode(const codec::Json& value);
// The text that a value has in the name of a generated stage, or inside of another text.
Result<std::string> TemplateText(const TemplateNode& node, const ParsingOptions& options);

// Python's name of a value's type: "int", "NoneType".
std::string_view PythonTypeName(const codec::Json& value);

class TemplateContext {
 public:
  // All outlive this.
  TemplateContext(const Place& place, Source& source, const ParsingOptions& options)
      : place_(&place), source_(&source), options_(&options) {}
  TemplateContext Clone() const;  // for variables of one stage

  // `vars` of the file at `folder`, or of the stage `stage` whose working directory that is; with `with_default` its params.yaml
  // first.
  std::optional<TemplateError> Load(const codec::Json& vars, const std::string& folder, std::string_view stage,
                                    bool with_default);
  bool Has(std::string_view key) const { return root_->Find(key) != nullptr; }

  // `item` and `key` while one stage of a group is resolved.
  class Temporary {
   public:
    Temporary(TemplateContext& context, std::vector<std::pair<std::string, TemplateNodePtr>> values);
    ~Temporary();
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

   private:
    TemplateContext& context_;
    TemplateNodePtr before_;
  };

  // `section`: the key of the stage that is resolved; it says where maps and lists may stand. `checked`: expressions were looked
  // at before (CheckExpressions). What is used of files is noted in `used` (an object: file -> {key -> value}).
  struct Request {
    std::optional<std::string_view> section;
    bool checked = false;
    codec::Json* used = nullptr;
  };
  std::optional<TemplateError> Resolve(const codec::Json& value, const Request& request, codec::Json& out) const;
  // The same, but values of the context stay nodes.
  std::optional<TemplateError> ResolveNode(const codec::Json& value, TemplateNodePtr& out) const;

 private:
  std::optional<TemplateError> LoadFile(const std::string& item, const std::string& folder);
  std::optional<TemplateError> Merge(TemplateNode& into, const TemplateNode& values) const;
  std::optional<TemplateError> Select(std::string_view expression, codec::Json* used, TemplateNodePtr& out) const;
  std::optional<TemplateError> ResolveText(const std::string& text, const Request& request, codec::Json& out) const;

  const Place* place_;
  Source* source_;
  const ParsingOptions* options_;
  TemplateNodePtr root_ = LiteralNode(codec::Json::Object{});
  std::map<std::string, std::optional<std::vector<std::string>>> files_;  // loaded; nullopt: whole
  std::vector<std::string> reserved_;
};

// Whether there is a "${…}" in a text, or in a value, keys included.
bool HasTemplate(const codec::Json& value);
// The first broken expression in a value.
std::optional<TemplateError> CheckExpressions(const codec::Json& value);

}  // namespace mlean::pipeline

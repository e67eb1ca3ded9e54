// YamlEdit: changes single places of a YAML text and leaves every other byte as it was: comments, order, quotes, flow style.
//
// Works by splicing the source at node marks and parsing the result again, so an edit that would break the text is an error and
// leaves the text as it was. Paths are keys and list indices from the root: {"stages", "train", "deps", "0"}. Errors: kNotFound
// for a path that is not there, kExists for a key that is, kUnsupported for nodes that came through an alias or are block scalars
// (|, >).
//
//   TRY(YamlEdit edit, YamlEdit::Open(text, "mlean.yaml"));
//   TRYV(edit.SetScalar({"models", "m", "approvals"}, 2));
//   TRYV(edit.Append({"stages", "train", "deps"}, "data/x.csv"));
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "codec/yaml.hpp"

namespace mlean::codec {

class YamlEdit {
 public:
  using Path = std::vector<std::string>;

  static Result<YamlEdit> Open(std::string text, std::string file);

  // Replaces a scalar or null by another scalar or null.
  Result<void> SetScalar(const Path& path, const Json& value);
  // Adds an item at the end of a list; a null becomes a list first.
  Result<void> Append(const Path& path, const Json& value);
  // Adds a key at the end of a mapping (path {} is the root); a null becomes a mapping first.
  Result<void> AddKey(const Path& path, std::string_view key, const Json& value);
  // Removes a key with its value and the comment on its line. Removing the last key leaves "{}".
  Result<void> RemoveKey(const Path& path, std::string_view key);

  const std::string& text() const { return text_; }
  const YamlDocument& document() const { return document_; }

 private:
  Result<const YamlNode*> Locate(const Path& path) const;
  Result<void> Splice(std::size_t begin, std::size_t end, std::string_view replacement);

  std::string text_;
  std::string file_;
  YamlDocument document_;
};

}  // namespace mlean::codec

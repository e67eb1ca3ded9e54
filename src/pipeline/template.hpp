// Templates in dvc.yaml: "${a.b}" and "${a[0]}" from params.yaml and vars (reference/dvc.md 1.4), for scalars.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::pipeline {

class TemplateContext {
 public:
  // Merges maps deeply; a leaf that is there already is an error, as in DVC.
  Result<void> Merge(const codec::Json& values);
  // Resolves "${…}"; text that is one template alone keeps the value's type. "\${" is a plain "${". Errors: kInvalid for an
  // unknown name or broken syntax, kUnsupported for maps and lists. The caller adds the place.
  Result<codec::Json> Resolve(std::string_view text) const;

 private:
  codec::Json values_ = codec::Json::Object{};
};

}  // namespace mlean::pipeline

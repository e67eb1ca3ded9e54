// params.yaml: values under flat dotted keys ("train.eta", "layers.1").
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::repo {

class Params {
 public:
  Params() = default;
  explicit Params(codec::Json values) : values_(std::move(values)) {}
  // A missing file is an empty set. Errors: kInvalid with file, line and column.
  static Result<Params> Load(const std::filesystem::path& file);

  // The value at a dotted key; nullptr when there is none.
  const codec::Json* Find(std::string_view dotted_key) const;
  Result<double> Double(std::string_view dotted_key, double otherwise) const;
  Result<std::int64_t> Int(std::string_view dotted_key, std::int64_t otherwise) const;
  Result<std::string> String(std::string_view dotted_key, std::string_view otherwise) const;
  Result<bool> Bool(std::string_view dotted_key, bool otherwise) const;
  // All leaves with their dotted keys, in the order of the file; for a run's params. Lists are leaves.
  std::vector<std::pair<std::string, codec::Json>> Flat() const;
  const codec::Json& values() const { return values_; }

 private:
  codec::Json values_ = codec::Json::Object{};
};

}  // namespace mlean::repo

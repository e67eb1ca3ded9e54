// Logged predictions, read back as people know them: features decoded to their words by the version that answered, labels joined.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "flows/workspace.hpp"
#include "infer/model.hpp"
#include "predictions/labels_store.hpp"
#include "predictions/reader.hpp"

namespace mlean::flows {

struct LoggedPredictions {
  predictions::Predictions raw;                               // answered requests (no failures, no shadows), in log order
  types::Frame features;                                      // as raw.features, categories as text
  std::vector<std::optional<predictions::Label>> labels;      // one per row
  std::map<int, std::shared_ptr<const infer::Model>> models;  // the versions that answered, but 0 (the constant)

  std::size_t size() const { return raw.size(); }
  std::size_t Labelled() const;
  // The model that answered most rows; null when only the constant did.
  int MainVersion() const;
};
// Event times in [from, to).
Result<LoggedPredictions> ReadLogged(Workspace& workspace, const std::string& model, TimeMs from, TimeMs to);

// Class index or value of each label by the classes of `model`; NaN where there is none.
std::vector<double> LabelValues(const LoggedPredictions& logged, const infer::Model& model);

}  // namespace mlean::flows

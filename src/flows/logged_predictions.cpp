#include "flows/logged_predictions.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/text.hpp"
#include "flows/champion.hpp"
#include "quality/report.hpp"

namespace mlean::flows {
namespace {

constexpr std::string_view kBoolNames[] = {"false", "true"};

// One category column as text: each row's code is looked up in the vocabulary of the version that answered it.
types::Column DecodeCategories(const types::Column& codes, const LoggedPredictions& logged) {
  types::Column text;
  text.name = codes.name;
  text.kind = types::Kind::kText;
  text.codes.reserve(codes.reals.size());
  std::unordered_map<std::string, std::int32_t> known;
  std::map<int, std::vector<std::int32_t>> translation;  // version → its code → ours
  for (const auto& [version, model] : logged.models) {
    for (const infer::Feature& feature : model->schema().features) {
      if (feature.name != codes.name) continue;
      for (const std::string& category : feature.categories) {
        const auto [at, added] = known.emplace(category, static_cast<std::int32_t>(text.words.size()));
        if (added) text.words.push_back(category);
        translation[version].push_back(at->second);
      }
    }
  }
  for (std::size_t row = 0; row < codes.reals.size(); ++row) {
    const auto vocabulary = translation.find(logged.raw.versions[row]);
    const double code = codes.reals[row];
    const bool usable = vocabulary != translation.end() && code >= 0 && code < static_cast<double>(vocabulary->second.size());
    text.codes.push_back(usable ? vocabulary->second[static_cast<std::size_t>(code)] : types::kMissingCode);
  }
  return text;
}

bool IsCategory(const LoggedPredictions& logged, const std::string& name) {
  for (const auto& [version, model] : logged.models) {
    for (const infer::Feature& feature : model->schema().features) {
      if (feature.name == name) return feature.kind == infer::FeatureKind::kCategory && !feature.categories.empty();
    }
  }
  return false;
}

// Whether the classes come of a column of bools. A CSV of late labels may write them True or TRUE, as pandas does.
bool AreBools(const std::vector<std::string>& classes) {
  return std::is_permutation(classes.begin(), classes.end(), std::begin(kBoolNames), std::end(kBoolNames));
}

}  // namespace

std::size_t LoggedPredictions::Labelled() const {
  return static_cast<std::size_t>(
      std::count_if(labels.begin(), labels.end(), [](const auto& label) { return label.has_value(); }));
}

int LoggedPredictions::MainVersion() const {
  std::map<int, std::size_t> counts;
  for (const std::int32_t version : raw.versions) ++counts[version];
  int main = 0;
  std::size_t most = 0;
  for (const auto& [version, count] : counts) {
    if (version > 0 && count > most) {
      main = version;
      most = count;
    }
  }
  return main;
}

Result<LoggedPredictions> ReadLogged(Workspace& workspace, const std::string& model, TimeMs from, TimeMs to) {
  LoggedPredictions logged;
  predictions::Window window;
  window.from = from;
  window.to = to;
  window.ok = true;
  window.variants = {predictions::Variant::kChampion, predictions::Variant::kCandidate, predictions::Variant::kFallback};
  TRY(logged.raw, predictions::ReadWindow(workspace.PredictionLogs() / model, window));
  std::vector<predictions::LabelKey> keys;
  keys.reserve(logged.size());
  for (std::size_t i = 0; i < logged.size(); ++i) keys.push_back({logged.raw.ids[i], logged.raw.rows[i]});
  TRY(logged.labels, workspace.db->Read([&](sql::Conn& conn) { return predictions::JoinLabels(conn, model, keys); }));
  for (const std::int32_t version : logged.raw.versions) {
    if (version <= 0 || logged.models.contains(version)) continue;
    TRY(const auto stored, workspace.db->Read([&](sql::Conn& conn) { return registry::GetVersion(conn, model, version); }));
    TRY(logged.models[version], LoadVersion(stored));
  }
  for (const types::Column& column : logged.raw.features.columns) {
    logged.features.columns.push_back(IsCategory(logged, column.name) ? DecodeCategories(column, logged) : column);
  }
  return logged;
}

std::vector<double> LabelValues(const LoggedPredictions& logged, const infer::Model& model) {
  types::Column text;
  text.kind = types::Kind::kText;
  std::unordered_map<std::string, std::int32_t> known;
  const bool bools = AreBools(model.schema().classes);
  for (const auto& label : logged.labels) {
    if (!label) {
      text.codes.push_back(types::kMissingCode);
      continue;
    }
    const auto [at, added] = known.emplace(label->label, static_cast<std::int32_t>(text.words.size()));
    if (added) text.words.push_back(bools ? ToLower(label->label) : label->label);
    text.codes.push_back(at->second);
  }
  if (!model.schema().classes.empty()) return quality::EncodeLabels(text, model.schema().classes);
  std::vector<double> values;
  for (const std::int32_t code : text.codes) {
    const bool known_label = code != types::kMissingCode;
    values.push_back(known_label ? std::strtod(text.words[static_cast<std::size_t>(code)].c_str(), nullptr) : NAN);
  }
  return values;
}

}  // namespace mlean::flows

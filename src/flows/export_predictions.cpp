#include "flows/export_predictions.hpp"

#include <unordered_map>

#include "base/text.hpp"
#include "flows/logged_predictions.hpp"
#include "tables/writer.hpp"

namespace mlean::flows {
namespace {

// Text values coded as they come.
class TextColumn {
 public:
  explicit TextColumn(std::string name) {
    column_.name = std::move(name);
    column_.kind = types::Kind::kText;
  }
  void Add(const std::string& text) {
    const auto [at, added] = known_.emplace(text, static_cast<std::int32_t>(column_.words.size()));
    if (added) column_.words.push_back(text);
    column_.codes.push_back(at->second);
  }
  void AddMissing() { column_.codes.push_back(types::kMissingCode); }
  types::Column Take() { return std::move(column_); }

 private:
  types::Column column_;
  std::unordered_map<std::string, std::int32_t> known_;
};

template <class Values>
types::Column Whole(std::string name, const Values& values, types::Kind kind = types::Kind::kInt) {
  types::Column column;
  column.name = std::move(name);
  column.kind = kind;
  column.ints.assign(values.begin(), values.end());
  return column;
}

}  // namespace

Result<std::int64_t> ExportPredictions(Workspace& workspace, const std::string& model, TimeMs from, TimeMs to,
                                       const std::filesystem::path& file) {
  TRY(LoggedPredictions logged, ReadLogged(workspace, model, from, to));
  TextColumn ids("id");
  TextColumn variants("variant");
  TextColumn hashes("input_hash");
  TextColumn labels("label");
  types::Column arrived{.name = "label_arrived", .kind = types::Kind::kTime};
  for (std::size_t i = 0; i < logged.size(); ++i) {
    ids.Add(logged.raw.ids[i]);
    variants.Add(std::string(predictions::VariantName(logged.raw.variants[i])));
    hashes.Add(Hex(logged.raw.input_hashes[i].data(), logged.raw.input_hashes[i].size()));
    const auto& label = logged.labels[i];
    if (label) labels.Add(label->label);
    if (!label) labels.AddMissing();
    arrived.ints.push_back(label ? label->arrived : types::kMissingInt);
  }
  types::Frame frame;
  frame.columns = {ids.Take(),
                   Whole("row", logged.raw.rows),
                   Whole("time", logged.raw.times, types::Kind::kTime),
                   Whole("version", logged.raw.versions),
                   variants.Take(),
                   Whole("status", logged.raw.statuses),
                   Whole("latency_us", logged.raw.latencies_us),
                   hashes.Take()};
  for (types::Column& output : logged.raw.outputs.columns) frame.columns.push_back(std::move(output));
  frame.columns.push_back(labels.Take());
  frame.columns.push_back(std::move(arrived));
  for (types::Column& feature : logged.features.columns) {
    // A feature named like one of ours keeps its values under another name.
    if (frame.Find(feature.name) != nullptr) feature.name = "feature_" + feature.name;
    frame.columns.push_back(std::move(feature));
  }
  TRY(const auto engine, tables::Engine::Open());
  if (file.extension() == ".csv") return tables::WriteCsv(*engine, frame, file.string());
  return tables::WriteParquet(*engine, frame, file.string());
}

}  // namespace mlean::flows

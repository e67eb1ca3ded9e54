#include "flows/reference_profile.hpp"

#include <algorithm>

#include "flows/evaluate_model.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "tables/reader.hpp"

namespace mlean::flows {
namespace {

bool IsTable(const std::string& path) {
  for (const std::string_view ending : {".parquet", ".pq", ".csv", ".tsv", ".jsonl"}) {
    if (path.ends_with(ending)) return true;
  }
  return false;
}

// Candidates for the training data, best first.
std::vector<std::string> TrainingFiles(const Workspace& workspace, const repo::ModelConfig& config) {
  std::vector<std::string> files;
  if (config.monitor && config.monitor->reference != "training") files.push_back(config.monitor->reference);
  if (const Result<std::vector<pipeline::Stage>> stages = pipeline::LoadStages(workspace.project.root); stages) {
    for (auto name = config.train.rbegin(); name != config.train.rend(); ++name) {
      const pipeline::Stage* stage = pipeline::FindStage(*stages, *name);
      if (stage == nullptr) continue;
      for (const pipeline::Dependency& dep : stage->deps) {
        if (dep.kind == pipeline::Dependency::Kind::kPath && IsTable(dep.path) && dep.path != config.evaluate)
          files.push_back(dep.location);
      }
    }
  }
  if (!config.evaluate.empty()) files.push_back(config.evaluate);
  return files;
}

}  // namespace

std::filesystem::path ReferenceFile(const Workspace& workspace, const std::string& model, const std::string& digest) {
  return workspace.ModelStore(model) / (digest + ".reference");
}

Result<void> StoreReference(const Workspace& workspace, const repo::ModelConfig& config, const infer::Model& model) {
  const std::filesystem::path target = ReferenceFile(workspace, config.name, model.digest());
  if (os::Exists(target)) return {};
  std::vector<std::string> names;
  for (const infer::Feature& feature : model.schema().features) names.push_back(feature.name);
  drift::Profile profile;
  TRY(const auto engine, tables::Engine::Open());
  for (const std::string& file : TrainingFiles(workspace, config)) {
    const tables::DataSource source{.path = (workspace.project.root / file).string()};
    const Result<tables::Schema> schema = tables::Describe(*engine, source);
    if (!schema || !std::all_of(names.begin(), names.end(), [&](const std::string& n) { return schema->Find(n) != nullptr; }))
      continue;
    TRY(const types::Frame frame, tables::ReadFrame(*engine, source, names));
    // A feature that the model takes as a category is one here, whatever its column's type.
    drift::ProfileOptions options{.max_sample = drift::kStoredSample};
    for (const infer::Feature& feature : model.schema().features) {
      if (feature.kind == infer::FeatureKind::kCategory) options.types[feature.name] = drift::ColumnType::kCategorical;
    }
    profile = drift::MakeProfile(frame, options);
    break;
  }
  if (profile.columns.empty()) return {};
  if (!config.evaluate.empty() && model.outputs() == 1) {
    TRY(const types::Frame frame, ReadLabelled(workspace.project.root / config.evaluate));
    TRY(const Evaluation evaluation, EvaluateModel(model, frame, config));
    types::Column predictions;
    predictions.name = std::string(kPredictionColumn);
    predictions.reals = evaluation.predictions;
    profile.columns.push_back(drift::MakeColumnProfile(predictions, drift::ColumnType::kNumeric, drift::kStoredSample));
  }
  TRYV(os::MakeDirs(target.parent_path()));
  return os::WriteFileAtomic(target, drift::EncodeProfile(profile));
}

Result<std::optional<drift::Profile>> LoadReference(const Workspace& workspace, const std::string& model,
                                                    const std::string& digest) {
  const std::filesystem::path file = ReferenceFile(workspace, model, digest);
  if (!os::Exists(file)) return std::optional<drift::Profile>{};
  TRY(const std::string text, os::ReadFile(file));
  TRY(drift::Profile profile, drift::DecodeProfile(text));
  return std::optional<drift::Profile>(std::move(profile));
}

}  // namespace mlean::flows

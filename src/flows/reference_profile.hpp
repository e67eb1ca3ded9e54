// The reference of a model version's monitor: profiles of the features it was trained on and of its predictions on data it had
// not seen (the evaluation data). Kept beside the stored model file.
#pragma once

#include <filesystem>
#include <optional>

#include "drift/reference_profile.hpp"
#include "flows/workspace.hpp"
#include "infer/model.hpp"

namespace mlean::flows {

// `prediction` is the name of the predictions' column in a profile.
inline constexpr std::string_view kPredictionColumn = "prediction";

std::filesystem::path ReferenceFile(const Workspace& workspace, const std::string& model, const std::string& digest);

// Builds and stores the profile. The training data is the data file among the deps of the model's stages that has all its
// features, or the file that monitor.reference names; without one, the evaluation data.
Result<void> StoreReference(const Workspace& workspace, const repo::ModelConfig& config, const infer::Model& model);
// Nothing when the version has none (registered from a bare file).
Result<std::optional<drift::Profile>> LoadReference(const Workspace& workspace, const std::string& model,
                                                    const std::string& digest);

}  // namespace mlean::flows

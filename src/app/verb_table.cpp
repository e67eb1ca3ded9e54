#include "app/verb_table.hpp"

#include "app/serve.hpp"
#include "verbs/verbs.hpp"

namespace mlean::app {

std::vector<verbs::VerbSpec> VerbTable() {
  return {
      verbs::InitVerb(),
      verbs::LoopRunVerb(),
      verbs::LoopStatusVerb(),
      verbs::LoopHistoryVerb(),
      verbs::ValidateVerb(),
      verbs::ProfileVerb(),
      verbs::FeaturesSqlVerb(),
      verbs::FeaturesSplitVerb(),
      verbs::TrainVerb(),
      verbs::GateVerb(),
      verbs::PredictVerb(),
      verbs::DriftVerb(),
      verbs::ModelsListVerb(),
      verbs::ModelsShowVerb(),
      verbs::ModelsRegisterVerb(),
      verbs::ModelsAliasVerb(),
      verbs::ModelsPromoteVerb(),
      verbs::ModelsRollbackVerb(),
      ServerVerb(),
      verbs::ApproveVerb(),
      verbs::RolloutStatusVerb(),
      verbs::RolloutAbortVerb(),
      verbs::MonitorStatusVerb(),
      verbs::LabelsAddVerb(),
      verbs::PredictionsExportVerb(),
      verbs::RunsListVerb(),
      verbs::RunsShowVerb(),
      verbs::AuditLogVerb(),
      verbs::AuditVerifyVerb(),
      verbs::DemoFlightsVerb(),
      verbs::VersionVerb(kVersion),
  };
}

}  // namespace mlean::app

#include "app/verb_table.hpp"

#include "app/serve.hpp"
#include "verbs/verbs.hpp"

namespace mlean::app {

std::vector<verbs::VerbSpec> VerbTable() {
  return {verbs::InitVerb(),
          verbs::LoopRunVerb(),      verbs::LoopStatusVerb(),     verbs::LoopHistoryVerb(),   ServerVerb(),
          verbs::FeaturesSqlVerb(),  verbs::FeaturesSplitVerb(),  verbs::TrainVerb(),         verbs::ModelsListVerb(),
          verbs::ModelsShowVerb(),   verbs::ModelsRegisterVerb(), verbs::ModelsAliasVerb(),   verbs::ModelsPromoteVerb(),
          verbs::ModelsRollbackVerb(), verbs::ApproveVerb(),      verbs::LabelsAddVerb(),     verbs::AuditLogVerb(),
          verbs::AuditVerifyVerb(),   verbs::DemoFlightsVerb()};
}

}  // namespace mlean::app

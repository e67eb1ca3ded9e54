// The verbs of this room, one function each; the file is named as the user types the verb (loop run → loop_run.cpp).
#pragma once

#include "verbs/verb.hpp"

namespace mlean::verbs {

VerbSpec InitVerb();
VerbSpec LoopRunVerb();
VerbSpec LoopStatusVerb();
VerbSpec LoopHistoryVerb();
VerbSpec ValidateVerb();
VerbSpec ProfileVerb();
VerbSpec FeaturesSqlVerb();
VerbSpec FeaturesSplitVerb();
VerbSpec TrainVerb();
VerbSpec GateVerb();
VerbSpec PredictVerb();
VerbSpec DriftVerb();
VerbSpec ModelsListVerb();
VerbSpec ModelsShowVerb();
VerbSpec ModelsRegisterVerb();
VerbSpec ModelsAliasVerb();
VerbSpec ModelsPromoteVerb();
VerbSpec ModelsRollbackVerb();
VerbSpec ApproveVerb();
VerbSpec RolloutStatusVerb();
VerbSpec RolloutAbortVerb();
VerbSpec MonitorStatusVerb();
VerbSpec LabelsAddVerb();
VerbSpec PredictionsExportVerb();
VerbSpec RunsListVerb();
VerbSpec RunsShowVerb();
VerbSpec AuditLogVerb();
VerbSpec AuditVerifyVerb();
VerbSpec DemoFlightsVerb();
VerbSpec VersionVerb(std::string version);

}  // namespace mlean::verbs

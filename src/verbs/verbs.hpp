// The verbs of this room, one function each; the file is named as the user types the verb (loop run → loop_run.cpp).
#pragma once

#include "verbs/verb.hpp"

namespace mlean::verbs {

VerbSpec InitVerb();

// DVC's commands, in data/.
VerbSpec AddVerb();
VerbSpec CacheDirVerb();
VerbSpec CacheMigrateVerb();
VerbSpec CheckIgnoreVerb();
VerbSpec CheckoutVerb();
VerbSpec CommitVerb();
VerbSpec ConfigVerb();
VerbSpec DataStatusVerb();
VerbSpec DiffVerb();
VerbSpec GetUrlVerb();
VerbSpec GetVerb();
VerbSpec GitHookMergeDriverVerb();
VerbSpec GitHookPostCheckoutVerb();
VerbSpec GitHookPreCommitVerb();
VerbSpec GitHookPrePushVerb();
VerbSpec ImportUrlVerb();
VerbSpec ImportVerb();
VerbSpec InstallVerb();
VerbSpec ListUrlVerb();
VerbSpec ListVerb();
VerbSpec LsUrlVerb();
VerbSpec LsVerb();
VerbSpec UpdateVerb();
VerbSpec ExpApplyVerb();
VerbSpec ExpBranchVerb();
VerbSpec ExpDiffVerb();
VerbSpec ExpListVerb();
VerbSpec ExpLsVerb();
VerbSpec ExpPullVerb();
VerbSpec ExpPushVerb();
VerbSpec ExpRemoveVerb();
VerbSpec ExpRenameVerb();
VerbSpec ExpRmVerb();
VerbSpec ExpRunVerb();
VerbSpec ExpSaveVerb();
VerbSpec ExpShowVerb();
VerbSpec FetchVerb();
VerbSpec GcVerb();
VerbSpec MoveVerb();
VerbSpec MvVerb();
VerbSpec PullVerb();
VerbSpec PushVerb();
VerbSpec RemoteAddVerb();
VerbSpec RemoteDefaultVerb();
VerbSpec RemoteListVerb();
VerbSpec RemoteModifyVerb();
VerbSpec RemoteRemoveVerb();
VerbSpec RemoteRenameVerb();
VerbSpec RemoveVerb();
VerbSpec RmVerb();
VerbSpec RootVerb();
VerbSpec StatusVerb();
VerbSpec UnprotectVerb();
VerbSpec DagVerb();
VerbSpec FreezeVerb();
VerbSpec MetricsDiffVerb();
VerbSpec MetricsShowVerb();
VerbSpec ParamsDiffVerb();
VerbSpec PlotsDiffVerb();
VerbSpec PlotsModifyVerb();
VerbSpec PlotsShowVerb();
VerbSpec PlotsTemplatesVerb();
VerbSpec ReproVerb();
VerbSpec StageAddVerb();
VerbSpec StageListVerb();
VerbSpec UnfreezeVerb();

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
VerbSpec UsersAddVerb();
VerbSpec UsersListVerb();
VerbSpec UsersRemoveVerb();
VerbSpec UsersPasswordVerb();
VerbSpec UsersAdminVerb();
VerbSpec TokensCreateVerb();
VerbSpec TokensListVerb();
VerbSpec TokensRevokeVerb();
VerbSpec RunsGcVerb();
VerbSpec MigrateMlflowVerb();
VerbSpec ExportMlflowVerb();
VerbSpec AuditLogVerb();
VerbSpec AuditVerifyVerb();
VerbSpec DemoFlightsVerb();
VerbSpec VersionVerb(std::string version);
VerbSpec DoctorVerb(std::string version);

}  // namespace mlean::verbs

// Step register: the challenger becomes a version with the alias candidate, exactly once per turn (the turn's id is the key).
#include <fmt/core.h>

#include "flows/reference_profile.hpp"
#include "flows/registry_events.hpp"
#include "flows/run_files.hpp"
#include "flows/store_model.hpp"
#include "flows/turn/engine.hpp"

namespace mlean::flows {

Result<StepResult> RegisterStep(TurnContext& context) {
  Workspace& workspace = context.workspace;
  const std::filesystem::path file = workspace.project.root / context.model.model;
  TRY(const StoredModel stored, StoreModelFile(workspace, context.model.name, file));
  const codec::Json* evaluated = context.outputs["evaluate"].Find("digest");
  if (evaluated == nullptr || evaluated->AsString() != stored.model->digest()) {
    return Fail(Code::kConflict, fmt::format("cannot register '{}': it changed since it was evaluated", context.model.model),
                "mlean loop run");
  }
  TRYV(StoreReference(workspace, context.model, *stored.model));
  registry::NewVersion version;
  version.model = context.model.name;
  version.source = fmt::format("runs:/{}/{}", context.turn.run_id, kModelFolder);
  version.run_id = context.turn.run_id;
  version.digest = stored.model->digest();
  version.path = stored.path;
  version.size = stored.size;
  version.schema = stored.model->schema().ToJson().Dump();
  version.gate_report = context.outputs["gate"].Dump();
  version.description = fmt::format("turn {}: {}", context.turn.number, context.turn.cause);
  version.idempotency_key = context.turn.id;

  StepResult result;
  const TimeMs now = workspace.Now();
  const std::string turn_id = context.turn.id;
  // The number is given inside the transaction, so its event and the turn's record are written there too.
  result.effects = [&workspace, version, now, turn_id](sql::Txn& txn) -> Result<void> {
    TRY(const registry::Model made, flows::EnsureModel(txn, version.model, now));
    static_cast<void>(made);
    TRY(const registry::ModelVersion created, flows::CreateVersion(txn, version, now));
    TRYV(PointAlias(txn, version.model, "candidate", created.version, now));
    TRYV(loop::SetTurnVersion(txn, turn_id, created.version));
    return Record(txn, workspace, "version.registered", fmt::format("models/{}/versions/{}", version.model, created.version),
                  codec::Json::Object{{"version", created.version}, {"digest", created.digest}, {"run_id", created.run_id}});
  };
  result.outputs = codec::Json::Object{{"digest", version.digest}, {"path", version.path}};
  result.message = fmt::format("stored as {}", version.digest.substr(0, 12));
  return result;
}

}  // namespace mlean::flows

// mlean audit log, audit verify.
#include <fmt/core.h>

#include "flows/render.hpp"
#include "flows/workspace.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> AuditLog(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  audit::Query query;
  TRY(query.limit, arguments.Int("limit", 50));
  query.newest_first = true;
  query.object_prefix = arguments.Text("object");
  query.action_prefix = arguments.Text("action");
  TRY(const auto events, workspace.db->Read([&](sql::Conn& conn) { return audit::List(conn, query); }));
  codec::Json list = codec::Json::Array{};
  for (const audit::Event& event : events) {
    list.Push(flows::EventJson(event));
    if (!context.json) {
      PrintLine(fmt::format("{:>6}  {}  {:<12} {:<20} {}  {}", event.seq, FormatTime(event.time), event.actor, event.action,
                            event.object, event.detail.Dump()));
    }
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> AuditVerify(const Arguments&, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const audit::Verdict verdict, workspace.db->Read([](sql::Conn& conn) { return audit::Verify(conn); }));
  if (context.json) {
    codec::Json out = codec::Json::Object{{"events", verdict.events}, {"intact", verdict.intact}};
    if (!verdict.intact) {
      out.Set("first_bad_seq", verdict.first_bad_seq);
      out.Set("why", verdict.why);
    }
    PrintJson(out);
  } else if (verdict.intact) {
    PrintLine(fmt::format("intact: {} events", verdict.events));
  } else {
    PrintLine(fmt::format("broken at event {}: {}", verdict.first_bad_seq, verdict.why));
  }
  return verdict.intact ? 0 : 6;
}

}  // namespace

VerbSpec AuditLogVerb() {
  return {
      .words = {"audit", "log"},
      .summary = "show the newest events of the audit chain",
      .options = {ValueOption("--limit", "N", "how many", "50"), ValueOption("--object", "PREFIX", "only objects that start so"),
                  ValueOption("--action", "PREFIX", "only actions that start so")},
      .examples = {"mlean audit log --action version."},
      .run = AuditLog};
}
VerbSpec AuditVerifyVerb() {
  return {.words = {"audit", "verify"},
          .summary = "check that no event was changed, moved or removed",
          .examples = {"mlean audit verify"},
          .exit_codes = "0 intact · 1 failed · 6 broken: the first bad sequence number is named",
          .run = AuditVerify};
}

}  // namespace mlean::verbs

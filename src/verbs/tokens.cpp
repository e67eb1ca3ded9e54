// mlean tokens create|list|revoke.
#include <fmt/core.h>

#include "flows/access_change.hpp"
#include "flows/server_link.hpp"
#include "os/machine.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;

Json TokenJson(const access::Token& token) {
  return Json::Object{{"id", token.id},
                      {"user", token.user_name},
                      {"note", token.note},
                      {"read_only", token.read_only},
                      {"created", FormatTime(token.created)},
                      {"expires", token.expires ? Json(FormatTime(*token.expires)) : Json()}};
}

Result<int> TokensCreate(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  access::NewToken spec{arguments.Text("user", os::UserName()), arguments.Text("note"), arguments.Has("read-only"), {}};
  if (const std::string expires = arguments.Text("expires", "90d"); expires != "never") {
    TRY(const std::int64_t span, ParseDuration(expires));
    spec.expires = context.clock->Now() + span;
  }
  auto made_token = flows::MakeToken(workspace, spec);
  if (!made_token && made_token.error().code == Code::kNotFound) {
    return Fail(Code::kNotFound, fmt::format("cannot make a token of '{}': no user has this name", spec.user),
                "mlean users list");
  }
  TRY(const access::MadeToken made, std::move(made_token));
  flows::SyncServer(workspace);
  if (context.json) {
    Json out = TokenJson(made.token);
    out.Set("token", made.secret);
    PrintJson(out);
    return 0;
  }
  PrintLine(made.secret);
  Note(context, fmt::format("token {} of '{}', {}; it is not shown again. MLflow's clients take it from MLFLOW_TRACKING_TOKEN",
                            made.token.id, made.token.user_name,
                            spec.expires ? "good until " + FormatTime(*spec.expires).substr(0, 16) : "for ever"));
  return 0;
}

Result<int> TokensList(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const auto tokens, workspace.db->Read([](sql::Conn& conn) { return access::ListTokens(conn); }));
  Json list = Json::Array{};
  for (const access::Token& token : tokens) {
    if (arguments.Has("user") && token.user_name != arguments.Text("user")) continue;
    list.Push(TokenJson(token));
    if (context.json) continue;
    const bool over = token.expires && *token.expires <= context.clock->Now();
    PrintLine(fmt::format("{}  {:<24} {:<10} {:<8} {}", token.id, token.user_name, token.read_only ? "read-only" : "read-write",
                          over            ? "expired"
                          : token.expires ? FormatTime(*token.expires).substr(0, 16)
                                          : "never ends",
                          token.note));
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> TokensRevoke(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const access::Token token, flows::RevokeToken(workspace, arguments.Text("ID")));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(TokenJson(token));
  if (!context.json) PrintLine(fmt::format("token {} of '{}' revoked", token.id, token.user_name));
  return 0;
}

}  // namespace

VerbSpec TokensCreateVerb() {
  return {
      .words = {"tokens", "create"},
      .summary = "make a token for a user of the server and print it, once",
      .description =
          "A token stands for its user's name and password: Authorization: Bearer, or MLFLOW_TRACKING_TOKEN. Only its "
          "SHA-256 is kept.",
      .options = {ValueOption("--user", "NAME", "whose", "the current user's name"),
                  ValueOption("--expires", "SPAN", "how long it is good: 12h, 90d, never", "90d"),
                  Flag("--read-only", "reads and predicts, changes nothing"), ValueOption("--note", "TEXT", "what it is for")},
      .examples = {"mlean tokens create --user ci --expires 30d",
                   "export MLFLOW_TRACKING_TOKEN=$(mlean tokens create --user ann -q)"},
      .exit_codes = "0 done · 1 failed · 2 usage · 4 no such user",
      .run = TokensCreate};
}
VerbSpec TokensListVerb() {
  return {.words = {"tokens", "list"},
          .summary = "list tokens: their ids, never themselves",
          .options = {ValueOption("--user", "NAME", "only this user's")},
          .examples = {"mlean tokens list --user ci"},
          .run = TokensList};
}
VerbSpec TokensRevokeVerb() {
  return {.words = {"tokens", "revoke"},
          .summary = "end a token; a running server refuses it from then on",
          .options = {Positional("ID", "as tokens list shows it")},
          .examples = {"mlean tokens revoke 5f3a91c2"},
          .exit_codes = "0 done · 1 failed · 2 usage · 4 no such token",
          .run = TokensRevoke};
}

}  // namespace mlean::verbs

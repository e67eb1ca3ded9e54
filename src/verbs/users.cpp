// mlean users add|list|remove|password|admin.
#include <fmt/core.h>

#include <unistd.h>

#include "access/password.hpp"
#include "flows/access_change.hpp"
#include "flows/server_link.hpp"
#include "os/terminal.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;

Json UserJson(const access::User& user) {
  return Json::Object{{"name", user.name}, {"admin", user.admin}, {"created", FormatTime(user.created)}};
}

// Never from the command line, which other users of the machine can read.
Result<std::string> AskPassword(const std::string& name) {
  TRY(std::string password, os::ReadSecret(fmt::format("password of '{}': ", name)));
  TRYV(access::CheckPassword(password));
  if (!os::IsTerminal(STDIN_FILENO)) return password;
  TRY(const std::string again, os::ReadSecret("again: "));
  if (again != password) return Fail(Code::kInvalid, "cannot take password: the two differ");
  return password;
}

// MLflow's text about a user who is not there says nothing of what was asked.
template <class T>
Result<T> OrCannot(std::string_view verb, const std::string& name, Result<T> done) {
  if (done || done.error().code != Code::kNotFound) return done;
  return Fail(Code::kNotFound, fmt::format("cannot {} user '{}': no user has this name", verb, name), "mlean users list");
}

Result<int> UsersAdd(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor(), true));
  const std::string name = arguments.Text("NAME");
  TRY(const std::string password, AskPassword(name));
  TRY(const access::User user, flows::AddUser(workspace, name, password, arguments.Has("admin")));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(UserJson(user));
  if (!context.json) PrintLine(fmt::format("{} added{}", user.name, user.admin ? ", administrator" : ""));
  return 0;
}

Result<int> UsersList(const Arguments&, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const auto users, workspace.db->Read([](sql::Conn& conn) { return access::ListUsers(conn); }));
  Json list = Json::Array{};
  for (const access::User& user : users) {
    list.Push(UserJson(user));
    if (!context.json) {
      PrintLine(
          fmt::format("{:<24} {:<5}  {}", user.name, user.admin ? "admin" : "user", FormatTime(user.created).substr(0, 16)));
    }
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> UsersRemove(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const std::string name = arguments.Text("NAME");
  TRYV(OrCannot("remove", name, flows::RemoveUser(workspace, name)));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(Json::Object{{"removed", name}});
  if (!context.json) PrintLine(fmt::format("{} removed", name));
  return 0;
}

Result<int> UsersPassword(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const std::string name = arguments.Text("NAME");
  TRYV(OrCannot("change", name, workspace.db->Read([&](sql::Conn& conn) { return access::FindUser(conn, name); })));
  TRY(const std::string password, AskPassword(name));
  TRYV(flows::SetPassword(workspace, name, password));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(Json::Object{{"changed", name}});
  if (!context.json) PrintLine(fmt::format("{}: password changed", name));
  return 0;
}

Result<int> UsersAdmin(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const std::string name = arguments.Text("NAME");
  const bool admin = !arguments.Has("off");
  TRYV(OrCannot("change", name, flows::SetAdmin(workspace, name, admin)));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(Json::Object{{"name", name}, {"admin", admin}});
  if (!context.json) PrintLine(fmt::format("{} is {}", name, admin ? "an administrator" : "no administrator"));
  return 0;
}

constexpr const char* kPasswordHelp =
    "The password is asked for on the terminal, or is the first line of stdin; at least 12 characters. It is kept as an scrypt "
    "hash.";

}  // namespace

VerbSpec UsersAddVerb() {
  return {.words = {"users", "add"},
          .summary = "add a user of the server",
          .description = kPasswordHelp,
          .options = {Positional("NAME", "the user's name"), Flag("--admin", "may do everything")},
          .examples = {"mlean users add ann --admin", "mlean -C /srv/ml users add bob < bob.password"},
          .exit_codes = "0 done · 1 failed, or the name is taken · 2 usage",
          .run = UsersAdd};
}
VerbSpec UsersListVerb() {
  return {.words = {"users", "list"},
          .summary = "list the users of the server",
          .examples = {"mlean users list --json"},
          .run = UsersList};
}
VerbSpec UsersRemoveVerb() {
  return {
      .words = {"users", "remove"},
      .summary = "remove a user with all tokens and permissions",
      .description = "A running server refuses the user from then on. The last administrator stays while there are other users.",
      .options = {Positional("NAME", "the user's name")},
      .examples = {"mlean users remove bob"},
      .exit_codes = "0 done · 1 failed · 2 usage · 4 no such user · 5 no administrator would be left",
      .run = UsersRemove};
}
VerbSpec UsersPasswordVerb() {
  return {.words = {"users", "password"},
          .summary = "set a user's password",
          .description = kPasswordHelp,
          .options = {Positional("NAME", "the user's name")},
          .examples = {"mlean users password ann", "mlean users password ann < ann.password"},
          .exit_codes = "0 done · 1 failed · 2 usage · 4 no such user",
          .run = UsersPassword};
}
VerbSpec UsersAdminVerb() {
  return {.words = {"users", "admin"},
          .summary = "make a user an administrator, or no longer one",
          .options = {Positional("NAME", "the user's name"), Flag("--off", "no longer an administrator")},
          .examples = {"mlean users admin ann", "mlean users admin ann --off"},
          .exit_codes = "0 done · 1 failed · 2 usage · 4 no such user · 5 no administrator would be left",
          .run = UsersAdmin};
}

}  // namespace mlean::verbs

#include "repo/config_schema.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <span>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "repo/code_points.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::repo {
namespace {

using codec::Json;

enum class Kind : std::uint8_t {
  kText,
  kLower,
  kBool,
  kBoolOrText,
  kInt,
  kCount,    // int from 1
  kPercent,  // int from 0 to 100
  kFloat,
  kSeconds,  // float from 0
  kChoice,   // of `choices`
  kLinkTypes,
  kNoText,  // DVC wants a bool or an int there which no file can hold; `choices` names it
  kAny,
};

struct Rule {
  std::string_view name;
  Kind kind = Kind::kText;
  std::string_view choices = {};
  int otherwise = -1;  // the default: 0 false, 1 true, -1 none
};
using Rules = std::vector<Rule>;

// A fault: DVC's text, and whether it is about the value itself (" for dictionary value").
struct Fault {
  std::string what;
  bool of_value = true;
  std::string path;  // further keys, "['a']"
};

Rules operator+(Rules left, const Rules& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const Rule kVerify = {"verify", Kind::kBool, {}, 0};

const Rules& RemoteCommon() {
  static const Rules rules = {{"url"},
                              {"checksum_jobs", Kind::kCount},
                              {"jobs", Kind::kCount},
                              {"worktree", Kind::kBool},
                              {"no_traverse", Kind::kBool},
                              {"version_aware", Kind::kBool}};
  return rules;
}

const Rules& LocalCommon() {
  static const Rules rules = {{"type", Kind::kLinkTypes},
                              {"protected", Kind::kBool, {}, 0},
                              {"shared", Kind::kChoice, "group"},
                              {"slow_link_warning", Kind::kBool, {}, 1},
                              kVerify};
  return rules;
}

Rules HttpRules() {
  return Rules{{"auth", Kind::kChoice, "basic, digest, custom"},
               {"custom_auth_header"},
               {"user"},
               {"password"},
               {"ask_password", Kind::kBool},
               {"ssl_verify", Kind::kBoolOrText},
               {"method"},
               {"connect_timeout", Kind::kSeconds},
               {"read_timeout", Kind::kSeconds},
               kVerify} +
         RemoteCommon();
}

Rules WebdavRules() {
  return Rules{{"user"},
               {"password"},
               {"ask_password", Kind::kBool},
               {"token"},
               {"bearer_token_command"},
               {"custom_auth_header"},
               {"cert_path"},
               {"key_path"},
               {"timeout", Kind::kInt},
               {"ssl_verify", Kind::kBoolOrText},
               kVerify} +
         RemoteCommon();
}

Rules S3Rules() {
  return Rules{{"region"},
               {"profile"},
               {"credentialpath"},
               {"configpath"},
               {"endpointurl"},
               {"access_key_id"},
               {"secret_access_key"},
               {"session_token"},
               {"listobjects", Kind::kBool, {}, 0},
               {"use_ssl", Kind::kBool, {}, 1},
               {"allow_anonymous_login", Kind::kBool, {}, 0},
               {"ssl_verify", Kind::kBoolOrText},
               {"sse"},
               {"sse_kms_key_id"},
               {"sse_customer_algorithm"},
               {"sse_customer_key"},
               {"acl"},
               {"grant_read"},
               {"grant_read_acp"},
               {"grant_write_acp"},
               {"grant_full_control"},
               {"cache_regions", Kind::kNoText, "bool"},
               {"read_timeout", Kind::kInt},
               {"connect_timeout", Kind::kInt},
               kVerify} +
         RemoteCommon();
}

Rules SshRules() {
  return Rules{{"type", Kind::kLinkTypes},
               {"port", Kind::kInt},
               {"user"},
               {"password"},
               {"ask_password", Kind::kBool},
               {"passphrase"},
               {"ask_passphrase", Kind::kBool},
               {"keyfile"},
               {"timeout", Kind::kInt},
               {"gss_auth", Kind::kBool},
               {"allow_agent", Kind::kBool},
               {"max_sessions", Kind::kInt},
               kVerify} +
         RemoteCommon();
}

Rules AzureRules() {
  return Rules{{"connection_string"},
               {"sas_token"},
               {"account_name"},
               {"account_key"},
               {"tenant_id"},
               {"client_id"},
               {"client_secret"},
               {"allow_anonymous_login", Kind::kBool},
               {"exclude_environment_credential", Kind::kBool},
               {"exclude_visual_studio_code_credential", Kind::kBool},
               {"exclude_shared_token_cache_credential", Kind::kBool},
               {"exclude_managed_identity_credential", Kind::kBool},
               kVerify,
               {"timeout", Kind::kInt},
               {"read_timeout", Kind::kInt},
               {"connection_timeout", Kind::kInt}} +
         RemoteCommon();
}

Rules WebHdfsRules() {
  return Rules{{"kerberos", Kind::kBool},
               {"kerberos_principal"},
               {"proxy_to"},
               {"ssl_verify", Kind::kBoolOrText},
               {"token"},
               {"use_https", Kind::kBool},
               {"user"},
               {"password"},
               {"data_proxy_target"},
               kVerify} +
         RemoteCommon();
}

Rules GdriveRules() {
  return Rules{{"profile"},
               {"gdrive_use_service_account", Kind::kBool},
               {"gdrive_client_id"},
               {"gdrive_client_secret"},
               {"gdrive_user_credentials_file"},
               {"gdrive_service_account_user_email"},
               {"gdrive_service_account_json_file_path"},
               {"gdrive_trash_only", Kind::kBool, {}, 0},
               {"gdrive_acknowledge_abuse", Kind::kBool, {}, 0},
               {"verify", Kind::kBool, {}, 1}} +
         RemoteCommon();
}

const Rules* RemoteRules(std::string_view scheme) {
  static const std::vector<std::pair<std::string_view, Rules>> all = {
      {"", LocalCommon() + RemoteCommon()},
      {"s3", S3Rules()},
      {"gs", Rules{{"projectname"}, {"credentialpath"}, {"endpointurl"}, kVerify, {"allow_anonymous_login", Kind::kBool, {}, 0}} +
                 RemoteCommon()},
      {"ssh", SshRules()},
      {"hdfs", Rules{{"user"}, {"kerb_ticket"}, {"replication", Kind::kNoText, "int"}} + RemoteCommon()},
      {"webhdfs", WebHdfsRules()},
      {"azure", AzureRules()},
      {"oss", Rules{{"oss_key_id"}, {"oss_key_secret"}, {"oss_endpoint"}, {"verify", Kind::kBool, {}, 1}} + RemoteCommon()},
      {"gdrive", GdriveRules()},
      {"http", HttpRules()},
      {"https", HttpRules()},
      {"webdav", WebdavRules()},
      {"webdavs", WebdavRules()},
      {"remote", {{"*", Kind::kAny}}},
  };
  for (const auto& [name, rules] : all) {
    if (name == scheme) return &rules;
  }
  return nullptr;
}

const Rules& MachineRules() {
  static const Rules rules = {{"cloud", Kind::kChoice, "aws, azure"},
                              {"region", Kind::kChoice, "us-west, us-east, eu-west, eu-north"},
                              {"image"},
                              {"spot", Kind::kBool},
                              {"spot_price", Kind::kFloat},
                              {"instance_hdd_size", Kind::kInt},
                              {"instance_type", Kind::kLower},
                              {"instance_gpu", Kind::kLower},
                              {"ssh_private"},
                              {"startup_script"},
                              {"setup_script"}};
  return rules;
}

const Rules& DbRules() {
  static const Rules rules = {{"url"}, {"username"}, {"password"}};
  return rules;
}

Rules CoreRules() {
  return {{"remote", Kind::kLower},
          {"checksum_jobs", Kind::kCount},
          {"interactive", Kind::kBool, {}, 0},
          {"analytics", Kind::kBool, {}, 1},
          {"hardlink_lock", Kind::kBool, {}, 0},
          {"no_scm", Kind::kBool, {}, 0},
          {"autostage", Kind::kBool, {}, 0},
          {"experiments", Kind::kBool},
          {"check_update", Kind::kBool, {}, 1},
          {"site_cache_dir"},
          {"machine", Kind::kLower}};
}

// The flat sections; the named ones (remote, machine, db) are not here.
const Rules* SectionRules(std::string_view section) {
  static const std::vector<std::pair<std::string_view, Rules>> all = {
      {"core", CoreRules()},
      {"cache", Rules{{"local"}, {"s3"}, {"gs"}, {"hdfs"}, {"webhdfs"}, {"ssh"}, {"azure"}, {"dir"}} + LocalCommon()},
      {"state", {{"dir"}, {"row_limit", Kind::kCount}, {"row_cleanup_quota", Kind::kPercent}}},
      {"index", {{"dir"}}},
      {"feature", {{"machine", Kind::kBool, {}, 0}}},
      {"plots", {{"html_template"}, {"auto_open", Kind::kBool, {}, 0}, {"out_dir"}}},
      {"exp",
       {{"code"},
        {"data"},
        {"models"},
        {"metrics"},
        {"params"},
        {"plots"},
        {"live"},
        {"auto_push", Kind::kBool},
        {"git_remote"}}},
      {"parsing", {{"bool", Kind::kChoice, "store_true, boolean_optional"}, {"list", Kind::kChoice, "nargs, append"}}},
      {"hydra", {{"enabled", Kind::kBool, {}, 0}, {"config_dir"}, {"config_module"}, {"config_name"}, {"plugins_path"}}},
      {"studio", {{"token"}, {"url"}, {"repo_url"}, {"offline", Kind::kBool, {}, 0}}},
  };
  for (const auto& [name, rules] : all) {
    if (name == section) return &rules;
  }
  return nullptr;
}

// ---- single values
std::string PythonText(const Json& value) {
  if (value.IsString()) return value.AsString();
  if (value.IsBool()) return value.AsBool() ? "True" : "False";
  if (value.IsDouble()) return codec::PythonFloat(value.AsDouble());
  if (!value.IsArray()) return value.IsNull() ? "None" : value.Dump();
  std::vector<std::string> items;
  for (const Json& item : value.AsArray()) items.push_back(PythonText(item));
  return PythonRepr(items);
}

// What Python's int() and float() accept of a text: outer blanks, and '_' between digits.
std::optional<std::string> NumberText(std::string_view text) {
  text = PythonStrip(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || !digit(i - 1) || !digit(i + 1)) {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<std::int64_t> PythonInt(const Json& value) {
  if (value.IsBool()) return value.AsBool() ? 1 : 0;
  if (value.IsInt()) return value.AsInt();
  if (value.IsDouble())
    return std::isfinite(value.AsDouble()) ? std::optional(static_cast<std::int64_t>(value.AsDouble())) : std::nullopt;
  if (!value.IsString()) return std::nullopt;
  std::optional<std::string> text = NumberText(value.AsString());
  if (!text || text->empty()) return std::nullopt;
  std::string_view digits = *text;
  const bool minus = digits.front() == '-';
  if (minus || digits.front() == '+') digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
  if (digits.size() > 18) return minus ? INT64_MIN : INT64_MAX;  // Python's are unbounded
  const std::int64_t number = *ParseInt(digits);
  return minus ? -number : number;
}

std::optional<double> PythonFloat(const Json& value) {
  if (value.IsBool() || value.IsNumber()) return value.IsBool() ? (value.AsBool() ? 1.0 : 0.0) : value.AsDouble();
  if (!value.IsString()) return std::nullopt;
  std::optional<std::string> text = NumberText(value.AsString());
  if (!text || text->empty()) return std::nullopt;
  if (text->front() == '+') text->erase(0, 1);
  if (text->empty() || text->find_first_of("xX(") != text->npos) return std::nullopt;
  return ParseDouble(*text);
}

struct Checked {
  Json value;
  std::optional<Fault> fault;
};
Checked Wrong(std::string what) { return {{}, Fault{std::move(what), true, {}}}; }

Checked CheckChoice(const Rule& rule, const Json& value) {
  const std::string text = ToLower(PythonText(value));
  for (const std::string& choice : Split(rule.choices, ',')) {
    if (Trim(choice) == text) return {text, {}};
  }
  return Wrong("expected one of " + std::string(rule.choices));
}

Checked CheckLinkTypes(const Json& value) {
  std::vector<std::string> types;
  if (value.IsNull()) return {value, {}};
  if (value.IsString()) {
    for (const std::string& part : Split(value.AsString(), ',')) types.emplace_back(PythonStrip(part));
  } else if (value.IsArray()) {
    for (const Json& item : value.AsArray()) types.push_back(PythonText(item));
  }
  std::vector<std::string> unknown;
  Json::Array known;
  for (const std::string& type : types) {
    if (type == "reflink" || type == "hardlink" || type == "symlink" || type == "copy") {
      known.emplace_back(type);
    } else if (std::find(unknown.begin(), unknown.end(), type) == unknown.end()) {
      unknown.push_back(type);
    }
  }
  if (!unknown.empty()) return Wrong("Unsupported cache type(s): " + Join(unknown, ", "));
  return {std::move(known), {}};
}

Checked CheckInt(const Rule& rule, const Json& value) {
  const std::optional<std::int64_t> number = PythonInt(value);
  if (!number) return Wrong("expected int");
  if (rule.kind == Kind::kCount && *number < 1) return Wrong("value must be at least 1");
  if (rule.kind == Kind::kPercent && *number < 0) return Wrong("value must be at least 0");
  if (rule.kind == Kind::kPercent && *number > 100) return Wrong("value must be at most 100");
  return {*number, {}};
}

Checked CheckFloat(const Rule& rule, const Json& value) {
  const std::optional<double> number = PythonFloat(value);
  if (!number) return Wrong("expected float");
  if (rule.kind == Kind::kSeconds && !(*number >= 0)) return Wrong("value must be at least 0");
  return {*number, {}};
}

Checked CheckValue(const Rule& rule, const Json& value) {
  switch (rule.kind) {
    case Kind::kAny: return {value, {}};
    case Kind::kText: return value.IsString() ? Checked{value, {}} : Wrong("expected str");
    case Kind::kLower: return {ToLower(PythonText(value)), {}};
    case Kind::kBool:
    case Kind::kBoolOrText: {
      const std::string text = ToLower(PythonText(value));
      if (text == "true" || text == "false") return {text == "true", {}};
      if (rule.kind == Kind::kBoolOrText && value.IsString()) return {value, {}};
      return Wrong("expected true or false");
    }
    case Kind::kInt:
    case Kind::kCount:
    case Kind::kPercent: return CheckInt(rule, value);
    case Kind::kFloat:
    case Kind::kSeconds: return CheckFloat(rule, value);
    case Kind::kChoice: return CheckChoice(rule, value);
    case Kind::kLinkTypes: return CheckLinkTypes(value);
    case Kind::kNoText: {
      const bool right = rule.choices == "bool" ? value.IsBool() : value.IsInt() || value.IsBool();
      return right ? Checked{value, {}} : Wrong("expected " + std::string(rule.choices));
    }
  }
  return {value, {}};
}

// ---- sections
std::string KeyPath(std::string_view key) { return "[" + PythonRepr(key) + "]"; }

Checked CheckOptions(const Rules& rules, const Json& section, bool drop_unknown = false) {
  if (!section.IsObject()) return Wrong("expected a dictionary");
  Json::Object out;
  for (const auto& [key, value] : section.AsObject()) {
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&key = key](const Rule& r) { return r.name == key || r.kind == Kind::kAny; });
    if (rule == rules.end()) {
      if (drop_unknown) continue;
      return {{}, Fault{"extra keys not allowed", false, KeyPath(key)}};
    }
    Checked checked = CheckValue(*rule, value);
    if (checked.fault) {
      checked.fault->what += " for dictionary value";
      checked.fault->of_value = false;
      checked.fault->path = KeyPath(key);
      return checked;
    }
    out.emplace_back(key, std::move(checked.value));
  }
  Json checked(std::move(out));
  for (const Rule& rule : rules) {
    if (rule.otherwise >= 0 && checked.Find(rule.name) == nullptr) checked.Set(rule.name, rule.otherwise == 1);
  }
  return {std::move(checked), {}};
}

Checked CheckByUrl(const Json& options) {
  const Json* url = options.Find("url");
  if (url == nullptr) return Wrong("expected 'url'");
  if (!url->IsString()) return Wrong("not a valid value");
  const Result<UrlParts> parts = ParseUrl(url->AsString());
  if (!parts) return Wrong("not a valid value");
  const Rules* rules = RemoteRules(parts->host.empty() ? "" : parts->scheme);
  if (rules == nullptr) return Wrong(fmt::format("Unsupported URL type {}://", parts->scheme));
  return CheckOptions(*rules, options);
}

Checked CheckSection(std::string_view name, const Json& section, std::vector<std::string>* warnings);

// remote, machine, db: a map of names.
Checked CheckNamed(std::string_view section, const Json& entries) {
  if (!entries.IsObject()) return Wrong("expected a dictionary");
  Json::Object out;
  for (const auto& [name, options] : entries.AsObject()) {
    Checked checked =
        section == "remote" ? CheckByUrl(options) : CheckOptions(section == "db" ? DbRules() : MachineRules(), options);
    if (checked.fault) {
      if (checked.fault->of_value) checked.fault->what += " for dictionary value";
      checked.fault->of_value = false;
      checked.fault->path = KeyPath(name) + checked.fault->path;
      return checked;
    }
    out.emplace_back(name, std::move(checked.value));
  }
  return {Json(std::move(out)), {}};
}

Checked CheckSection(std::string_view name, const Json& section, std::vector<std::string>* warnings) {
  if (name == "remote" || name == "machine" || name == "db") return CheckNamed(name, section);
  const Rules* rules = SectionRules(name);
  if (rules == nullptr) return {{}, Fault{"extra keys not allowed", false, {}}};
  if (name == "hydra" && section.Find("config_dir") != nullptr && section.Find("config_module") != nullptr) {
    return {{}, Fault{"two or more values in the same group of exclusion 'config_source'", false, "[<config_source>]"}};
  }
  Checked checked = CheckOptions(*rules, section, name == "feature");
  if (name == "feature" && !checked.fault && warnings != nullptr) {
    std::vector<std::string> unknown;
    for (const auto& option : section.AsObject()) {
      if (checked.value.Find(option.first) == nullptr) unknown.push_back("'feature." + option.first + "'");
    }
    std::sort(unknown.begin(), unknown.end());
    if (!unknown.empty()) {
      warnings->push_back(
          fmt::format("{} config option{} unsupported", Join(unknown, ", "), unknown.size() == 1 ? " is" : "s are"));
    }
  }
  return checked;
}

Error FaultFailure(const Fault& fault, std::string_view key) {
  const std::string suffix = fault.of_value ? " for dictionary value" : "";
  const std::string path = (key.empty() ? "" : KeyPath(key)) + fault.path;
  return ConfigFailure(fault.what + suffix + (path.empty() ? "" : " @ data" + path));
}

}  // namespace

const std::vector<std::string_view>& ConfigSections() {
  static const std::vector<std::string_view> sections = {"core",  "cache", "remote",  "state", "index",  "machine", "feature",
                                                         "plots", "exp",   "parsing", "hydra", "studio", "db"};
  return sections;
}

Result<Json> CheckConfig(const Json& merged, std::vector<std::string>* warnings) {
  Json::Object out;
  for (const auto& [name, section] : merged.AsObject()) {
    Checked checked = CheckSection(name, section, warnings);
    if (checked.fault) return FaultFailure(*checked.fault, name);
    out.emplace_back(name, std::move(checked.value));
  }
  return Json(std::move(out));
}

Result<Json> CheckRemote(const Json& options) {
  Checked checked = CheckByUrl(options);
  if (checked.fault) {
    checked.fault->of_value = false;
    return FaultFailure(*checked.fault, "");
  }
  return std::move(checked.value);
}

Result<UrlParts> ParseUrl(std::string_view text) {
  std::string url;
  for (const char c : text) {
    if (url.empty() && static_cast<unsigned char>(c) <= 0x20) continue;
    if (c != '\t' && c != '\r' && c != '\n') url += c;
  }
  UrlParts parts;
  const auto scheme_char = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; };
  std::string_view rest = url;
  const std::size_t colon = rest.find(':');
  if (colon != rest.npos && colon > 0 && std::isalpha(static_cast<unsigned char>(rest.front())) != 0 &&
      std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(colon), scheme_char)) {
    parts.scheme = ToLower(rest.substr(0, colon));
    rest.remove_prefix(colon + 1);
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    parts.host = rest.substr(0, end);
    rest.remove_prefix(end);
    const bool open = parts.host.find('[') != std::string::npos;
    if (open != (parts.host.find(']') != std::string::npos)) return Fail(Code::kInvalid, "Invalid IPv6 URL");
  }
  parts.path = rest.substr(0, std::min(rest.find_first_of("?#"), rest.size()));
  return parts;
}

}  // namespace mlean::repo

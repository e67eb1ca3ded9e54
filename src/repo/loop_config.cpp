#include "repo/loop_config.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "os/files.hpp"

namespace mlean::repo {
namespace {

using codec::YamlDocument;
using codec::YamlMember;
using codec::YamlNode;

// Reads members of one mapping; each reader leaves its target alone when the key is absent.
class Section {
 public:
  Section(const YamlDocument& document, const YamlNode& node) : document_(document), node_(node) {}

  // The mapping at `node`, all of whose keys are in `known`. `name` is for errors.
  static Result<Section> Open(const YamlDocument& document, const YamlNode& node, std::string_view name,
                              const std::vector<std::string>& known) {
    TRYV(document.Mapping(node, name));
    TRYV(document.UnknownKeys(node, known));
    return Section(document, node);
  }

  const YamlNode* Find(std::string_view key) const { return node_.Find(key); }
  const YamlDocument& document() const { return document_; }
  Error Wrong(std::string_view cause) const { return document_.At(node_, cause); }

  Result<void> String(std::string_view key, std::string& out) const {
    if (const YamlNode* const node = Find(key)) {
      TRY(out, document_.String(*node, key));
    }
    return {};
  }
  Result<void> Strings(std::string_view key, std::vector<std::string>& out) const {
    if (const YamlNode* const node = Find(key)) {
      TRY(out, document_.Strings(*node, key));
    }
    return {};
  }
  Result<void> Choice(std::string_view key, const std::vector<std::string>& choices, std::string& out) const {
    TRYV(String(key, out));
    const YamlNode* const node = Find(key);
    if (node == nullptr || std::find(choices.begin(), choices.end(), out) != choices.end()) return {};
    const std::string nearest = Nearest(out, choices);
    return document_.At(*node, nearest.empty() ? fmt::format("'{}' must be one of {}, not '{}'", key, Join(choices, ", "), out)
                                               : fmt::format("unknown {} '{}'; did you mean '{}'?", key, out, nearest));
  }
  Result<void> Count(std::string_view key, std::int64_t& out) const {
    if (const YamlNode* const node = Find(key)) {
      TRY(out, document_.Int(*node, key));
      if (out < 0) return document_.At(*node, fmt::format("'{}' must not be negative", key));
    }
    return {};
  }
  Result<void> Duration(std::string_view key, std::int64_t& out) const {
    if (const YamlNode* const node = Find(key)) {
      const Result<std::int64_t> ms = ParseDuration(node->text);
      if (!node->IsScalar() || !ms)
        return document_.At(*node, fmt::format("'{}' must be a duration like 90s, 10m, 6h or 1d", key));
      out = *ms;
    }
    return {};
  }
  Result<void> Expressions(std::string_view key, std::vector<Expression>& out) const {
    const YamlNode* const list = Find(key);
    if (list == nullptr) return {};
    const std::vector<YamlNode> single = list->IsSequence() ? std::vector<YamlNode>() : std::vector<YamlNode>{*list};
    for (const YamlNode& item : list->IsSequence() ? list->items : single) {
      TRY(std::string text, document_.String(item, key));
      out.push_back({std::move(text), PlaceOf(document_, item)});
    }
    return {};
  }
  static Place PlaceOf(const YamlDocument& document, const YamlNode& node) {
    return {document.file(), node.start.line, node.start.column};
  }

 private:
  const YamlDocument& document_;
  const YamlNode& node_;
};

// "5%" or 0.05.
Result<double> Fraction(const YamlDocument& document, const YamlNode& node, std::string_view name) {
  double value = -1;
  if (node.IsScalar() && node.text.ends_with('%')) {
    if (const std::optional<double> percent = ParseDouble(std::string_view(node.text).substr(0, node.text.size() - 1)))
      value = *percent / 100;
  } else if (node.IsScalar() && node.ToJson().IsNumber()) {
    value = node.ToJson().AsDouble();
  }
  if (!(value >= 0 && value <= 1)) return document.At(node, fmt::format("'{}' must be a share like 5% or 0.05", name));
  return value;
}

Result<DataConfig> ReadData(const YamlDocument& document, const YamlMember& member) {
  DataConfig data;
  data.name = member.key.text;
  data.place = Section::PlaceOf(document, member.key);
  TRY(const Section section,
      Section::Open(document, member.value, data.name, {"path", "query", "source", "time", "key", "checks", "freshness"}));
  TRYV(section.String("path", data.path));
  TRYV(section.String("query", data.query));
  TRYV(section.String("source", data.source));
  TRYV(section.String("time", data.time));
  TRYV(section.Strings("key", data.key));
  TRYV(section.String("checks", data.checks));
  TRYV(section.Duration("freshness", data.freshness_ms));
  if (data.path.empty() == data.query.empty()) {
    return document.At(member.key, fmt::format("data '{}' needs either 'path' or 'query' with 'source'", data.name));
  }
  if (data.query.empty() != data.source.empty()) {
    return document.At(member.key, fmt::format("data '{}': 'query' and 'source' go together", data.name));
  }
  return data;
}

Result<RolloutConfig> ReadRollout(const YamlDocument& document, const YamlNode& node) {
  RolloutConfig rollout;
  TRY(const Section section,
      Section::Open(document, node, "rollout", {"strategy", "steps", "step_for", "min_requests", "abort_if"}));
  TRYV(section.Choice("strategy", {"canary", "blue_green", "shadow", "ab", "instant"}, rollout.strategy));
  if (const YamlNode* const steps = section.Find("steps")) {
    TRYV(document.Sequence(*steps, "steps"));
    rollout.steps.clear();
    for (const YamlNode& item : steps->items) {
      TRY(const double weight, Fraction(document, item, "steps"));
      if (weight <= 0 || (!rollout.steps.empty() && weight <= rollout.steps.back()))
        return document.At(item, "'steps' must rise from above 0%");
      rollout.steps.push_back(weight);
    }
    if (rollout.steps.empty()) return document.At(*steps, "'steps' must not be empty");
  }
  TRYV(section.Duration("step_for", rollout.step_for_ms));
  TRYV(section.Count("min_requests", rollout.min_requests));
  TRYV(section.Expressions("abort_if", rollout.abort_if));
  return rollout;
}

Result<Window> ReadWindow(const YamlDocument& document, const YamlNode& node) {
  if (node.IsMapping()) {
    TRY(const Section section, Section::Open(document, node, "window", {"rows"}));
    std::int64_t rows = 0;
    TRYV(section.Count("rows", rows));
    if (rows == 0) return document.At(node, "'window' needs 'rows' above 0");
    return Window{Window::Kind::kRows, rows};
  }
  const std::string& text = node.text;
  if (node.IsScalar() && text.ends_with("mo")) {
    const std::optional<std::int64_t> months = ParseInt(std::string_view(text).substr(0, text.size() - 2));
    if (months && *months >= 1 && *months <= 120) return Window{Window::Kind::kMonths, *months};
  }
  const Result<std::int64_t> ms = ParseDuration(text);
  if (!node.IsScalar() || !ms || *ms <= 0)
    return document.At(node, "'window' must be a duration like 1d, 7d or 1mo, or {rows: N}");
  return Window{Window::Kind::kDuration, *ms};
}

Result<MonitorConfig> ReadMonitor(const YamlDocument& document, const YamlNode& node) {
  MonitorConfig monitor;
  TRY(const Section section, Section::Open(document, node, "monitor", {"reference", "window", "drift", "performance", "labels"}));
  TRYV(section.String("reference", monitor.reference));
  if (const YamlNode* const window = section.Find("window")) {
    TRY(monitor.window, ReadWindow(document, *window));
  }
  if (const YamlNode* const drift = section.Find("drift")) {
    TRY(const Section inner, Section::Open(document, *drift, "drift", {"share", "method", "columns"}));
    if (const YamlNode* const share = inner.Find("share")) {
      TRY(monitor.drift_share, Fraction(document, *share, "share"));
    }
    TRYV(inner.String("method", monitor.drift_method));
    TRYV(inner.Strings("columns", monitor.drift_columns));
  }
  TRYV(section.Expressions("performance", monitor.performance));
  if (const YamlNode* const labels = section.Find("labels")) {
    TRY(const Section inner, Section::Open(document, *labels, "labels", {"delay"}));
    TRYV(inner.Duration("delay", monitor.labels_delay_ms));
  }
  return monitor;
}

Result<RetrainConfig> ReadRetrain(const YamlDocument& document, const YamlNode& node) {
  RetrainConfig retrain;
  TRY(const Section section, Section::Open(document, node, "retrain", {"schedule", "when", "cooldown"}));
  TRYV(section.String("schedule", retrain.schedule));
  TRYV(section.Expressions("when", retrain.when));
  TRYV(section.Duration("cooldown", retrain.cooldown_ms));
  return retrain;
}

Result<ServeConfig> ReadServe(const YamlDocument& document, const YamlNode& node) {
  ServeConfig serve;
  TRY(const Section section, Section::Open(document, node, "serve", {"log", "retention", "fallback"}));
  TRYV(section.Choice("log", {"full", "outputs", "none"}, serve.log));
  TRYV(section.Duration("retention", serve.retention_ms));
  const YamlNode* const fallback = section.Find("fallback");
  if (fallback == nullptr) return serve;
  TRYV(document.Sequence(*fallback, "fallback"));
  for (const YamlNode& item : fallback->items) {
    if (item.IsScalar() && item.text == "previous") {
      serve.fallback.push_back({});
    } else if (item.IsMapping() && item.members.size() == 1 && item.Find("constant") != nullptr) {
      serve.fallback.push_back({Fallback::Kind::kConstant, item.Find("constant")->ToJson()});
    } else {
      return document.At(item, "a fallback must be 'previous' or {constant: VALUE}");
    }
  }
  return serve;
}

Result<void> ReadModelParts(const Section& section, ModelConfig& model) {
  const YamlDocument& document = section.document();
  if (const YamlNode* const node = section.Find("rollout")) {
    TRY(model.rollout, ReadRollout(document, *node));
  }
  if (const YamlNode* const node = section.Find("monitor")) {
    TRY(model.monitor, ReadMonitor(document, *node));
  }
  if (const YamlNode* const node = section.Find("retrain")) {
    TRY(model.retrain, ReadRetrain(document, *node));
  }
  if (const YamlNode* const node = section.Find("serve")) {
    TRY(model.serve, ReadServe(document, *node));
  }
  return {};
}

Result<ModelConfig> ReadModel(const YamlDocument& document, const YamlMember& member) {
  ModelConfig model;
  model.name = member.key.text;
  model.place = Section::PlaceOf(document, member.key);
  TRY(const Section section,
      Section::Open(document, member.value, model.name,
                    {"task", "label", "data", "train", "model", "metrics", "evaluate", "features", "positive", "slices",
                     "sensitive", "gate", "approvals", "rollout", "monitor", "retrain", "serve"}));
  for (const std::string_view key : {"task", "label"}) {
    if (section.Find(key) == nullptr) return document.At(member.key, fmt::format("model '{}' needs '{}'", model.name, key));
  }
  TRYV(section.Choice("task", {"classification", "regression"}, model.task));
  TRYV(section.String("label", model.label));
  TRYV(section.String("data", model.data));
  TRYV(section.Strings("train", model.train));
  TRYV(section.String("model", model.model));
  TRYV(section.String("metrics", model.metrics));
  TRYV(section.String("evaluate", model.evaluate));
  TRYV(section.Strings("features", model.features));
  if (const YamlNode* const positive = section.Find("positive")) {
    if (!positive->IsScalar())
      return document.At(*positive, fmt::format("'positive' must be a class, not {}", positive->TypeName()));
    model.positive = positive->text;
  }
  TRYV(section.Strings("slices", model.slices));
  TRYV(section.Strings("sensitive", model.sensitive));
  TRYV(section.Expressions("gate", model.gate));
  TRYV(section.Count("approvals", model.approvals));
  TRYV(ReadModelParts(section, model));
  return model;
}

Result<AlertConfig> ReadAlert(const YamlDocument& document, const YamlNode& node) {
  AlertConfig alert;
  alert.place = Section::PlaceOf(document, node);
  TRY(const Section section, Section::Open(document, node, "alerts", {"type", "url", "path", "on"}));
  if (section.Find("type") == nullptr) return section.Wrong("an alert needs 'type'");
  TRYV(section.Choice("type", {"slack", "webhook", "file"}, alert.type));
  TRYV(section.String("url", alert.url));
  TRYV(section.String("path", alert.path));
  TRYV(section.Strings("on", alert.on));
  if (alert.type == "file" ? alert.path.empty() : alert.url.empty()) {
    return section.Wrong(fmt::format("an alert of type '{}' needs '{}'", alert.type, alert.type == "file" ? "path" : "url"));
  }
  return alert;
}

// Each model knows its data entry: the one it names, or the only one.
Result<void> LinkData(const YamlDocument& document, LoopConfig& config) {
  std::vector<std::string> names;
  for (const DataConfig& data : config.data) names.push_back(data.name);
  for (ModelConfig& model : config.models) {
    if (model.data.empty() && names.size() == 1) model.data = names.front();
    if (model.data.empty() || std::find(names.begin(), names.end(), model.data) != names.end()) continue;
    const YamlNode& node = *document.root().Find("models")->Find(model.name)->Find("data");
    const std::string nearest = Nearest(model.data, names);
    return document.At(node, nearest.empty() ? fmt::format("unknown data '{}'", model.data)
                                             : fmt::format("unknown data '{}'; did you mean '{}'?", model.data, nearest));
  }
  return {};
}

}  // namespace

std::string Place::Text() const { return fmt::format("{}:{}:{}", file, line, column); }

const DataConfig* LoopConfig::FindData(std::string_view name) const {
  const auto found = std::find_if(data.begin(), data.end(), [&](const DataConfig& entry) { return entry.name == name; });
  return found == data.end() ? nullptr : &*found;
}
const ModelConfig* LoopConfig::FindModel(std::string_view name) const {
  const auto found = std::find_if(models.begin(), models.end(), [&](const ModelConfig& entry) { return entry.name == name; });
  return found == models.end() ? nullptr : &*found;
}
Result<const ModelConfig*> LoopConfig::Model(std::string_view name) const {
  if (const ModelConfig* const found = FindModel(name)) return found;
  std::vector<std::string> names;
  for (const ModelConfig& model : models) names.push_back(model.name);
  const std::string nearest = Nearest(name, names);
  return Fail(Code::kNotFound, nearest.empty()
                                   ? fmt::format("cannot find model '{}' in '{}'", name, file)
                                   : fmt::format("cannot find model '{}' in '{}'; did you mean '{}'?", name, file, nearest));
}
const DataConfig* LoopConfig::DataOf(const ModelConfig& model) const { return FindData(model.data); }

Result<LoopConfig> ParseLoopConfig(std::string text, std::string_view file) {
  TRY(const YamlDocument document, YamlDocument::Parse(text, file));
  LoopConfig config;
  config.file = file;
  if (!document.root().IsNull()) {
    TRY(const Section root, Section::Open(document, document.root(), file, {"project", "data", "models", "registry", "alerts"}));
    TRYV(root.String("project", config.project));
    if (const YamlNode* const data = root.Find("data")) {
      TRYV(document.Mapping(*data, "data"));
      for (const YamlMember& member : data->members) {
        TRY(DataConfig entry, ReadData(document, member));
        config.data.push_back(std::move(entry));
      }
    }
    if (const YamlNode* const models = root.Find("models")) {
      TRYV(document.Mapping(*models, "models"));
      for (const YamlMember& member : models->members) {
        TRY(ModelConfig entry, ReadModel(document, member));
        config.models.push_back(std::move(entry));
      }
    }
    if (const YamlNode* const registry = root.Find("registry")) {
      TRY(const Section section, Section::Open(document, *registry, "registry", {"ungated"}));
      TRYV(section.Choice("ungated", {"allow", "record", "deny"}, config.ungated));
    }
    if (const YamlNode* const alerts = root.Find("alerts")) {
      TRYV(document.Sequence(*alerts, "alerts"));
      for (const YamlNode& item : alerts->items) {
        TRY(AlertConfig alert, ReadAlert(document, item));
        config.alerts.push_back(std::move(alert));
      }
    }
    TRYV(LinkData(document, config));
  }
  config.text = std::move(text);
  return config;
}

Result<LoopConfig> LoadLoopConfig(const Project& project) {
  Result<std::string> text = os::ReadFile(project.ConfigFile(), std::uint64_t{4} << 20);
  if (!text) {
    Error error = std::move(text).error();
    if (error.code == Code::kNotFound) error.fix = "mlean init --data FILE";
    return error;
  }
  return ParseLoopConfig(*std::move(text), "mlean.yaml");
}

namespace {

template <class Lookup>
Result<std::string> Expand(std::string_view text, const Lookup& lookup) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$' || at + 1 == text.size() || (text[at + 1] != '{' && text[at + 1] != '$')) {
      out += text[at++];
      continue;
    }
    if (text[at + 1] == '$') {
      out += '$';
      at += 2;
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == text.npos) return Fail(Code::kInvalid, "cannot expand '${': '}' is missing");
    const std::string name(text.substr(at + 2, end - at - 2));
    const std::optional<std::string> value = lookup(name);
    if (!value) return Fail(Code::kNotFound, fmt::format("cannot expand '${{{}}}': the environment variable is not set", name));
    out += *value;
    at = end + 1;
  }
  return out;
}

}  // namespace

Result<std::string> ExpandEnv(std::string_view text) {
  return Expand(text, [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
}

Result<std::string> ExpandWith(std::string_view text, const std::map<std::string, std::string, std::less<>>& environment) {
  return Expand(text, [&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

}  // namespace mlean::repo

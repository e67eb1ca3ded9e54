#include "codec/yaml_write.hpp"

#include <cmath>

#include "codec/python_text.hpp"
#include "codec/yaml_emit.hpp"
#include "codec/yaml_scan.hpp"

namespace mlean::codec {
namespace {

std::string FlowNumber(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  return PythonFloat(value);
}

void AppendFlow(std::string& out, const Json& value, bool in_list) {
  if (value.IsArray()) {
    out += '[';
    for (std::size_t i = 0; i < value.AsArray().size(); ++i) {
      if (i > 0) out += ", ";
      AppendFlow(out, value.AsArray()[i], true);
    }
    out += ']';
  } else if (value.IsObject()) {
    out += '{';
    for (std::size_t i = 0; i < value.AsObject().size(); ++i) {
      if (i > 0) out += ", ";
      AppendFlow(out, Json(value.AsObject()[i].first), false);
      out += ": ";
      AppendFlow(out, value.AsObject()[i].second, false);
    }
    out += '}';
  } else if (value.IsDouble() && value.Digits() == nullptr) {
    out += FlowNumber(value.AsDouble());
  } else if (!value.IsString()) {
    out += value.Dump();
  } else {
    const yaml::ScalarAnalysis analysis = yaml::Analyze(yaml::ToPoints(value.AsString()));
    const bool plain = yaml::PlainInFlow(analysis, value.AsString(), in_list) && !yaml::ReadsAsOther(value.AsString());
    out += plain ? value.AsString() : yaml::Emitter::QuotedLine(value.AsString());
  }
}

}  // namespace

std::string WriteYaml(const Json& value) {
  yaml::Emitter emitter;
  emitter.Document(*yaml::Represent(yaml::FromJson(value)));
  return emitter.Take();
}

std::string WriteYamlFlow(const Json& value) {
  std::string out;
  AppendFlow(out, value, false);
  return out;
}

}  // namespace mlean::codec

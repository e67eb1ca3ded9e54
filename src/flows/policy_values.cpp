#include "flows/policy_values.hpp"

namespace mlean::flows {

policy::Value ToPolicyValue(const codec::Json& json) {
  if (json.IsBool()) return json.AsBool();
  if (json.IsInt()) return json.AsInt();
  if (json.IsDouble()) return json.AsDouble();
  if (json.IsString()) return json.AsString();
  if (json.IsArray()) {
    policy::Value::List list;
    for (const codec::Json& element : json.AsArray()) list.push_back(ToPolicyValue(element));
    return policy::Value::ListOf(std::move(list));
  }
  if (json.IsObject()) {
    std::vector<std::pair<std::string, policy::Value>> members;
    for (const auto& [key, value] : json.AsObject()) members.emplace_back(key, ToPolicyValue(value));
    return policy::Value::Object(std::move(members));
  }
  return {};
}

}  // namespace mlean::flows

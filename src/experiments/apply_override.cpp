#include "experiments/apply_override.hpp"

#include <fmt/core.h>

#include <optional>
#include <string>

#include "base/text.hpp"
#include "codec/python_text.hpp"

namespace mlean::experiments {
namespace {

using codec::Json;

bool IsContainer(const Json& value) { return value.IsObject() || value.IsArray(); }

// The child of a map or list; nullptr when there is none.
Json* Child(Json& parent, const std::string& segment) {
  if (parent.IsObject()) return parent.Find(segment);
  if (!parent.IsArray()) return nullptr;
  const std::optional<std::int64_t> index = ParseInt(segment);
  const auto size = static_cast<std::int64_t>(parent.AsArray().size());
  if (!index || *index < -size || *index >= size) return nullptr;
  return &parent.AsArray()[static_cast<std::size_t>(*index < 0 ? *index + size : *index)];
}

Json* Select(Json& root, const std::vector<std::string>& segments) {
  Json* at = &root;
  for (const std::string& segment : segments) {
    if (at != nullptr) at = Child(*at, segment);
  }
  return at;
}

bool SameNumber(const Json& a, const Json& b) {
  const auto number = [](const Json& value) { return value.IsBool() ? (value.AsBool() ? 1.0 : 0.0) : value.AsDouble(); };
  const auto is_number = [](const Json& value) { return value.IsNumber() || value.IsBool(); };
  return is_number(a) && is_number(b) && number(a) == number(b);
}

class Applier {
 public:
  Applier(Json& root, const Override& override) : root_(root), override_(override), segments_(Split(override.key, '.')) {}

  Result<void> Run() {
    if (override_.has_package) {
      return Invalid(fmt::format("Override {} looks like a config group override, but config group '{}' does not exist.",
                                 override_.line, override_.key));
    }
    Json* const there = Select(root_, segments_);
    switch (override_.kind) {
      case Override::Kind::kRemove: return Remove(there);
      case Override::Kind::kSet: return Update(false);
      case Override::Kind::kForce: return Update(true);
      case Override::Kind::kAdd: break;
    }
    if (there != nullptr && !there->IsNull() && !IsContainer(Value())) {
      return Invalid(
          fmt::format("Could not append to config. An item is already at '{0}'.\nEither remove + prefix: '{1}'\n"
                      "Or add a second + to add or override '{0}': '+{2}'\n",
                      override_.key, override_.line.substr(1), override_.line));
    }
    return Update(true);
  }

 private:
  const Json& Value() const { return override_.values.front().value; }
  static Error Invalid(std::string text) { return Fail(Code::kInvalid, std::move(text)); }
  // OmegaConf's name of a child: "train.opts[0].k".
  static std::string FullKey(const std::string& parent_key, const Json& parent, const std::string& segment) {
    if (parent.IsArray()) return fmt::format("{}[{}]", parent_key, segment);
    return parent_key.empty() ? segment : parent_key + "." + segment;
  }
  static std::string Cause(std::string_view what, const std::string& full_key, bool is_list) {
    return fmt::format("{}\n    full_key: {}\n    object_type={}", what, full_key, is_list ? "list" : "dict");
  }
  Error NotThere(const std::string& segment, const std::string& full_key) const {
    return Invalid(fmt::format("Could not override '{}'.\nTo append to your config use +{}: {}", override_.key, override_.line,
                               Cause(fmt::format("Key '{}' is not in struct", segment), full_key, false)));
  }
  Error NotMerged(std::string_view why, const std::string& full_key, bool is_list) const {
    return Invalid(fmt::format("Error merging override {}: {}", override_.line, Cause(why, full_key, is_list)));
  }

  Result<void> Remove(const Json* there) {
    if (there == nullptr || there->IsNull()) {
      return Invalid(fmt::format("Could not delete from config. '{}' does not exist.", override_.key));
    }
    const bool any = !override_.has_value || Value().IsNull();
    if (!any && !(Value() == *there) && !SameNumber(Value(), *there)) {
      return Invalid(fmt::format("Could not delete from config. The value of '{}' is {} and not {}.", override_.key,
                                 codec::PythonStr(*there), codec::PythonStr(Value())));
    }
    Json* const parent = Select(root_, {segments_.begin(), segments_.end() - 1});
    if (parent->IsArray()) {
      Json::Array& list = parent->AsArray();
      list.erase(list.begin() + (there - list.data()));
      return {};
    }
    std::erase_if(parent->AsObject(), [&](const Json::Member& member) { return member.first == segments_.back(); });
    return {};
  }

  Result<void> Update(bool force) {
    Json* at = &root_;
    std::string full_key;
    for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
      const std::string key = FullKey(full_key, *at, segments_[i]);
      Json* next = Child(*at, segments_[i]);
      if (next == nullptr || !IsContainer(*next)) {
        // Without force a value on the way counts as an empty map, in which nothing is.
        if (!force && next != nullptr) return NotThere(segments_[i + 1], key + "." + segments_[i + 1]);
        if (!force && at->IsObject()) return NotThere(segments_[i], key);
        TRYV(Put(*at, segments_[i], Json::Object{}, key));
        next = Child(*at, segments_[i]);
      }
      at = next;
      full_key = key;
    }
    const std::string key = FullKey(full_key, *at, segments_.back());
    Json* const there = Child(*at, segments_.back());
    if (there != nullptr && IsContainer(*there) && IsContainer(Value())) return Merge(*there, Value(), force, key);
    if (there == nullptr && !force && at->IsObject()) return NotThere(segments_.back(), key);
    return Put(*at, segments_.back(), Value(), key);
  }

  Result<void> Put(Json& parent, const std::string& segment, Json value, const std::string& full_key) const {
    if (Json* const there = Child(parent, segment)) {
      *there = std::move(value);
      return {};
    }
    if (!parent.IsObject()) return NotMerged("list index out of range", full_key, true);
    parent.Set(segment, std::move(value));
    return {};
  }

  Result<void> Merge(Json& into, const Json& from, bool force, const std::string& full_key) const {
    if (into.IsObject() != from.IsObject()) return NotMerged("Cannot merge DictConfig with ListConfig", full_key, into.IsArray());
    if (into.IsArray()) {
      into = from;
      return {};
    }
    for (const auto& [key, value] : from.AsObject()) {
      const std::string inner = full_key + "." + key;
      Json* const there = into.Find(key);
      if (there == nullptr && !force) return NotThere(key, inner);
      if (there != nullptr && there->IsObject() && value.IsObject()) {
        TRYV(Merge(*there, value, force, inner));
      } else {
        into.Set(key, value);
      }
    }
    return {};
  }

  Json& root_;
  const Override& override_;
  const std::vector<std::string> segments_;
};

// The members in the order of `model`, new ones behind: what was removed and added again keeps its place.
Json Ordered(const Json& model, Json value) {
  if (!model.IsObject() || !value.IsObject()) return value;
  Json::Object out;
  for (const auto& [key, old] : model.AsObject()) {
    if (Json* const member = value.Find(key)) out.emplace_back(key, Ordered(old, std::move(*member)));
  }
  for (Json::Member& member : value.AsObject()) {
    if (model.Find(member.first) == nullptr) out.push_back(std::move(member));
  }
  return out;
}

}  // namespace

Result<Json> Apply(const Json& params, const std::vector<Override>& overrides) {
  Json changed = params;
  for (const Override& override : overrides) TRYV(Applier(changed, override).Run());
  return Ordered(params, std::move(changed));
}

}  // namespace mlean::experiments

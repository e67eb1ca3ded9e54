#include "codec/json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace mlean::codec {

bool Json::AsBool() const {
  CHECK_BUG(IsBool());
  return *std::get_if<bool>(&value_);
}
std::int64_t Json::AsInt() const {
  CHECK_BUG(IsInt());
  return *std::get_if<std::int64_t>(&value_);
}
double Json::AsDouble() const {
  if (IsInt()) return static_cast<double>(AsInt());
  CHECK_BUG(IsDouble());
  if (const std::string* const digits = Digits()) return std::strtod(digits->c_str(), nullptr);
  return *std::get_if<double>(&value_);
}
const std::string* Json::Digits() const {
  const Big* const big = std::get_if<Big>(&value_);
  return big == nullptr ? nullptr : &big->digits;
}
Json Json::BigInteger(std::string digits) {
  Json json;
  json.value_.emplace<Big>(Big{std::move(digits)});
  return json;
}
const std::string& Json::AsString() const {
  CHECK_BUG(IsString());
  return *std::get_if<std::string>(&value_);
}
const Json::Array& Json::AsArray() const {
  CHECK_BUG(IsArray());
  return *std::get_if<Array>(&value_);
}
Json::Array& Json::AsArray() {
  CHECK_BUG(IsArray());
  return *std::get_if<Array>(&value_);
}
const Json::Object& Json::AsObject() const {
  CHECK_BUG(IsObject());
  return *std::get_if<Object>(&value_);
}
Json::Object& Json::AsObject() {
  CHECK_BUG(IsObject());
  return *std::get_if<Object>(&value_);
}

const Json* Json::Find(std::string_view key) const {
  if (!IsObject()) return nullptr;
  for (const Member& member : AsObject()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}
Json* Json::Find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).Find(key)); }

void Json::Set(std::string_view key, Json value) {
  if (IsNull()) value_.emplace<Object>();
  if (Json* const found = Find(key)) {
    *found = std::move(value);
  } else {
    AsObject().emplace_back(std::string(key), std::move(value));
  }
}

void Json::Push(Json value) {
  if (IsNull()) value_.emplace<Array>();
  AsArray().push_back(std::move(value));
}

std::string_view Json::TypeName() const {
  constexpr std::string_view kNames[] = {"null",     "a bool", "an integer", "a number",
                                         "a string", "a list", "an object",  "an integer"};
  return kNames[value_.index()];
}

namespace {

Error Missing(std::string_view key) { return Fail(Code::kInvalid, fmt::format("'{}' is missing", key)); }
Error WrongType(std::string_view key, std::string_view wanted, const Json& found) {
  return Fail(Code::kInvalid, fmt::format("'{}' must be {}, not {}", key, wanted, found.TypeName()));
}

Result<std::string> ToString(std::string_view key, const Json& value) {
  if (!value.IsString()) return WrongType(key, "a string", value);
  return value.AsString();
}
Result<double> ToDouble(std::string_view key, const Json& value) {
  if (!value.IsNumber()) return WrongType(key, "a number", value);
  return value.AsDouble();
}
Result<std::int64_t> ToInt(std::string_view key, const Json& value) {
  if (value.IsInt()) return value.AsInt();
  // Above 2^53 a double no longer says which integer was meant.
  if (value.IsDouble() && std::trunc(value.AsDouble()) == value.AsDouble() && std::abs(value.AsDouble()) <= 9007199254740992.0) {
    return static_cast<std::int64_t>(value.AsDouble());
  }
  return WrongType(key, "an integer", value);
}
Result<bool> ToBool(std::string_view key, const Json& value) {
  if (!value.IsBool()) return WrongType(key, "a bool", value);
  return value.AsBool();
}

}  // namespace

Result<std::string> Json::StringAt(std::string_view key) const {
  const Json* const found = Find(key);
  return found == nullptr ? Missing(key) : ToString(key, *found);
}
Result<double> Json::DoubleAt(std::string_view key) const {
  const Json* const found = Find(key);
  return found == nullptr ? Missing(key) : ToDouble(key, *found);
}
Result<std::int64_t> Json::IntAt(std::string_view key) const {
  const Json* const found = Find(key);
  return found == nullptr ? Missing(key) : ToInt(key, *found);
}
Result<bool> Json::BoolAt(std::string_view key) const {
  const Json* const found = Find(key);
  return found == nullptr ? Missing(key) : ToBool(key, *found);
}
Result<const Json*> Json::ArrayAt(std::string_view key) const {
  const Json* const found = Find(key);
  if (found == nullptr) return Missing(key);
  if (!found->IsArray()) return WrongType(key, "a list", *found);
  return found;
}
Result<const Json*> Json::ObjectAt(std::string_view key) const {
  const Json* const found = Find(key);
  if (found == nullptr) return Missing(key);
  if (!found->IsObject()) return WrongType(key, "an object", *found);
  return found;
}
Result<std::string> Json::StringAt(std::string_view key, std::string_view otherwise) const {
  const Json* const found = Find(key);
  return found == nullptr || found->IsNull() ? Result<std::string>(std::string(otherwise)) : ToString(key, *found);
}
Result<double> Json::DoubleAt(std::string_view key, double otherwise) const {
  const Json* const found = Find(key);
  return found == nullptr || found->IsNull() ? Result<double>(otherwise) : ToDouble(key, *found);
}
Result<std::int64_t> Json::IntAt(std::string_view key, std::int64_t otherwise) const {
  const Json* const found = Find(key);
  return found == nullptr || found->IsNull() ? Result<std::int64_t>(otherwise) : ToInt(key, *found);
}
Result<bool> Json::BoolAt(std::string_view key, bool otherwise) const {
  const Json* const found = Find(key);
  return found == nullptr || found->IsNull() ? Result<bool>(otherwise) : ToBool(key, *found);
}

namespace {

using SortedMembers = std::vector<const Json::Member*>;

SortedMembers SortByKey(const Json::Object& object) {
  SortedMembers members;
  members.reserve(object.size());
  for (const Json::Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return members;
}

bool SameObjects(const Json::Object& a, const Json::Object& b) {
  if (a.size() != b.size()) return false;
  const SortedMembers x = SortByKey(a);
  const SortedMembers y = SortByKey(b);
  return std::equal(x.begin(), x.end(), y.begin(), [](const auto* p, const auto* q) { return *p == *q; });
}

}  // namespace

bool operator==(const Json& a, const Json& b) {
  if (a.IsObject() && b.IsObject()) return SameObjects(a.AsObject(), b.AsObject());
  return a.value_ == b.value_;
}

}  // namespace mlean::codec

#include "pipeline/schema.hpp"

#include <fmt/core.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace mlean::pipeline {
namespace {

using codec::Json;
using Problems = std::vector<SchemaProblem>;

// The way from the root to a value; made on the stack while going down, written out for errors only.
struct Way {
  const Way* up = nullptr;
  std::string_view key;
  std::size_t index = 0;
  std::size_t length = 0;

  Way Down(std::string_view name) const { return {this, name, 0, length + 1}; }
  Way Down(std::size_t item) const { return {this, {}, item, length + 1}; }
  std::vector<std::string> Path() const {
    std::vector<std::string> path(length);
    for (const Way* at = this; at->up != nullptr; at = at->up) {
      path[at->length - 1] = at->key.data() == nullptr ? std::to_string(at->index) : std::string(at->key);
    }
    return path;
  }
};

Problems One(std::string message, const Way& way) { return {{std::move(message), way.Path()}}; }

// A rule gives the problems of a value. As in the validator it stands for, the length of a list of problems' path is that of its
// first.
using Check = std::function<Problems(const Way& way, const Json& value)>;

std::size_t Depth(const Problems& problems) { return problems.front().path.size(); }

Check Type(const char* name, bool (*is)(const Json&)) {
  return [name, is](const Way& way, const Json& value) -> Problems {
    if (is(value)) return {};
    return One(fmt::format("expected {}", name), way);
  };
}

const Check kString = Type("str", [](const Json& value) { return value.IsString(); });              // NOLINT
const Check kBool = Type("bool", [](const Json& value) { return value.IsBool(); });                 // NOLINT
const Check kInt = Type("int", [](const Json& value) { return value.IsInt() || value.IsBool(); });  // NOLINT
const Check kDict = Type("dict", [](const Json& value) { return value.IsObject(); });               // NOLINT
const Check kList = Type("list", [](const Json& value) { return value.IsArray(); });                // NOLINT
const Check kAnything = [](const Way&, const Json&) { return Problems(); };                         // NOLINT
const Check kNothing = [](const Way& way, const Json& value) -> Problems {                          // NOLINT
  if (value.IsNull()) return {};
  return One("not a valid value", way);
};

// The first that holds; else the problems of the one that got deepest.
Check Any(std::vector<Check> checks) {
  return [checks = std::move(checks)](const Way& way, const Json& value) {
    Problems deepest;
    for (const Check& check : checks) {
      Problems problems = check(way, value);
      if (problems.empty()) return problems;
      if (deepest.empty() || Depth(problems) > Depth(deepest)) deepest = std::move(problems);
    }
    return deepest;
  };
}

Check List(std::vector<Check> checks) {
  return [checks = std::move(checks)](const Way& way, const Json& value) -> Problems {
    if (!value.IsArray()) return One("expected a list", way);
    Problems all;
    for (std::size_t i = 0; i < value.AsArray().size(); ++i) {
      const Way item = way.Down(i);
      Problems last;
      for (const Check& check : checks) {
        last = check(item, value.AsArray()[i]);
        if (last.empty()) break;
        if (Depth(last) > item.length) return last;
      }
      all.insert(all.end(), last.begin(), last.end());
    }
    return all;
  };
}

struct Key {
  std::string name;  // empty: any key
  Check value;
  bool required = false;
};
using Keys = std::vector<Key>;

Keys operator+(Keys a, const Keys& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Check Map(Keys keys) {
  return [keys = std::move(keys)](const Way& way, const Json& value) -> Problems {
    if (!value.IsObject()) return One("expected a dictionary", way);
    Problems all;
    std::vector<bool> seen(keys.size());
    for (const Json::Member& member : value.AsObject()) {
      std::size_t at = 0;
      while (at < keys.size() && keys[at].name != member.first) ++at;
      for (std::size_t any = 0; at == keys.size() && any < keys.size(); ++any) {
        if (keys[any].name.empty()) {
          at = any;
          break;
        }
      }
      const Way below = way.Down(member.first);
      if (at == keys.size()) {
        all.push_back({"extra keys not allowed", below.Path()});
        continue;
      }
      seen[at] = true;
      Problems problems = keys[at].value(below, member.second);
      all.insert(all.end(), problems.begin(), problems.end());
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!keys[i].required || seen[i]) continue;
      const std::string_view name = keys[i].name.empty() ? "<class 'str'>" : std::string_view(keys[i].name);
      all.push_back({"required key not provided", way.Down(name).Path()});
    }
    return all;
  };
}
Check EachOf(Check value) { return Map({{"", std::move(value)}}); }

Check Checksum() {
  return [](const Way& way, const Json& value) -> Problems {
    if (value.IsNull() || value.IsBool()) return {};
    const std::size_t length = value.IsString() ? value.AsString().size() : value.IsInt() ? value.Dump().size() : 1;
    if (length == 0 || length >= 3) return {};
    return One("not a valid value", way);
  };
}

Check Cloud(const Keys& facts) {
  return [check = EachOf(Map(facts))](const Way& way, const Json& value) -> Problems {
    Problems problems = check(way, value);
    if (problems.empty() && value.AsObject().size() > 1) return One("length of value must be at most 1", way);
    return problems;
  };
}

struct Schemas {
  const Keys facts{{"md5", Checksum()}, {"checksum", Checksum()}, {"etag", Checksum()},   {"size", kInt},
                   {"nfiles", kInt},    {"isexec", kBool},        {"version_id", kString}};
  const Check cloud = Cloud(facts);
  const Check files = List({Map(facts + Keys{{"relpath", kString, true}, {"cloud", cloud}})});
  const Keys notes{{"desc", kString}, {"type", kString}, {"labels", List({kString})}, {"meta", kAnything}};

  Check DvcFile() const {
    const Keys entry = facts + Keys{{"path", kString}, {"persist", kBool}, {"cloud", cloud},
                                    {"hash", kString}, {"files", files},   {"fs_config", kDict}};
    const Check repo = Map({{"url", kString, true},
                            {"rev", kString},
                            {"rev_lock", kString},
                            {"config", Any({kString, kDict})},
                            {"remote", Any({kString, kDict})}});
    const Check db = Map({{"query", kString}, {"connection", kString}, {"file_format", kString}, {"table", kString}});
    const Check out = Map(entry + notes + Keys{{"cache", kBool}, {"remote", kString}, {"push", kBool}});
    const Check dep = Map(entry + Keys{{"repo", repo}, {"db", db}});
    return Map({{"md5", Checksum()},
                {"wdir", Any({kString, kNothing})},
                {"deps", Any({List({dep}), kNothing})},
                {"outs", Any({List({out}), kNothing})},
                {"locked", kBool},
                {"frozen", kBool},
                {"meta", kAnything},
                {"always_changed", kBool},
                {"desc", kString}});
  }

  Check LockedStage() const {
    const Check entry = List(
        {Map(facts + Keys{{"path", kString, true}, {"cloud", cloud}, {"files", files}, {"hash", kString}, {"dataset", kDict}})});
    return Map({{"cmd", Any({kString, kList}), true}, {"deps", entry}, {"params", EachOf(EachOf(kAnything))}, {"outs", entry}});
  }

  Check DvcLock() const {
    const Check version = [](const Way& way, const Json& value) -> Problems {
      if (value.IsString() && value.AsString() == "2.0") return {};
      return One("invalid schema version", way);
    };
    return Map({{"schema", version, true}, {"datasets", kAnything}, {"stages", EachOf(LockedStage())}});
  }

  Check DvcYaml() const {
    const Check vars = List({kString, kDict});
    const Keys out =
        notes + Keys{{"cache", kBool}, {"persist", kBool}, {"checkpoint", kBool}, {"remote", kString}, {"push", kBool}};
    const Check outs = List({Any({kString, EachOf(Map(out))})});
    const Check plot = Map(out + Keys{{"template", kString},
                                      {"x", kString},
                                      {"y", kString},
                                      {"x_label", kString},
                                      {"y_label", kString},
                                      {"title", kString},
                                      {"header", kBool}});
    const Check stage = Map({{"matrix", EachOf(Any({kString, kList}))},
                             {"cmd", Any({kString, kList}), true},
                             {"wdir", kString},
                             {"deps", List({kString})},
                             {"params", List({Any({kString, kDict})})},
                             {"vars", vars},
                             {"frozen", kBool},
                             {"meta", kAnything},
                             {"desc", kString},
                             {"always_changed", kBool},
                             {"outs", outs},
                             {"metrics", outs},
                             {"plots", List({Any({kString, EachOf(Any({plot, List({plot})}))})})}});
    const Check group = Map({{"foreach", Any({kDict, kList, kString}), true}, {"do", stage, true}});
    const Check either = [stage, group](const Way& way, const Json& value) {
      return value.Find("foreach") != nullptr || value.Find("do") != nullptr ? group(way, value) : stage(way, value);
    };
    const Check axis = Any({kString, List({kString}), EachOf(Any({kString, List({kString})}))});
    const Check top_plot = Map({{"x", Any({kString, EachOf(kString)})},
                                {"y", axis},
                                {"x_label", kString},
                                {"y_label", kString},
                                {"title", kString},
                                {"template", kString}});
    return Map({{"datasets", kAnything},
                {"plots", List({Any({kString, Map({{"", Any({top_plot, kNothing}), true}})})})},
                {"stages", EachOf(either)},
                {"vars", vars},
                {"params", List({kString})},
                {"metrics", List({kString})},
                {"artifacts", EachOf(Map(Keys{{"path", kString, true}} + notes))}});
  }
};

}  // namespace

std::vector<SchemaProblem> CheckSchema(SchemaKind kind, const Json& data) {
  static const Schemas schemas;
  static const Check checks[] = {schemas.DvcFile(), schemas.DvcYaml(), schemas.DvcLock(), schemas.LockedStage()};
  return checks[static_cast<std::size_t>(kind)]({}, data);
}

}  // namespace mlean::pipeline

#include "pipeline/dvc_lock.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"
#include "codec/yaml_write.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/file_error.hpp"
#include "pipeline/param_file.hpp"
#include "pipeline/stage_load.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

constexpr std::string_view kDefaultParams = "params.yaml";
constexpr std::string_view kStages = "stages";
constexpr std::string_view kHead = "schema: '2.0'\nstages:\n";

// An entry as it stands below "stages:".
std::string EntryText(std::string_view name, const Json& entry) {
  const std::string text = codec::WriteYaml(Json::Object{{"stages", Json::Object{{std::string(name), entry}}}});
  return text.substr(text.find('\n') + 1);
}

template <class Item>
std::vector<const Item*> ByPath(const std::vector<Item>& items) {
  std::vector<const Item*> sorted;
  for (const Item& item : items) sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Item* a, const Item* b) { return codec::PythonLess(a->path, b->path); });
  return sorted;
}

Json SortedKeys(const Json& values) {
  std::vector<const Json::Member*> members;
  for (const Json::Member& member : values.AsObject()) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Json::Member* a, const Json::Member* b) { return codec::PythonLess(a->first, b->first); });
  Json sorted = Json::Object{};
  for (const Json::Member* member : members) sorted.AsObject().emplace_back(*member);
  return sorted;
}

// Whether a writer that was killed may have left this: the last line has no end, or announces more.
bool EndsInTheMiddle(std::string_view text) {
  if (!text.ends_with('\n')) return true;
  text.remove_suffix(1);
  return text.ends_with(':') || text.ends_with('\\');
}

bool BeginsTheFile(std::string_view text) { return kHead.starts_with(text); }

// The text up to the last entry of `stages`; nullopt when it ends elsewhere.
std::optional<std::string_view> WithoutLastEntry(std::string_view text) {
  if (BeginsTheFile(text)) return text;
  const auto begins_at = [](std::string_view line, std::size_t column) {
    return line.find_first_not_of(' ') == column && line[column] != '\n';  // npos, of blanks, is no column
  };
  for (std::size_t end = text.size(); end > 0;) {
    const std::size_t start = end < 2 ? 0 : text.rfind('\n', end - 2) + 1;  // npos + 1 is 0
    const std::string_view line = text.substr(start, end - start);
    if (begins_at(line, 0)) return std::nullopt;
    if (begins_at(line, 2)) return text.substr(0, start);
    end = start;
  }
  return std::nullopt;
}

bool IsMd5(std::string_view text) {
  if (text.ends_with(".dir")) text.remove_suffix(4);
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool HasWholeHashes(const Json& entry) {
  for (const char* section : {"deps", "outs"}) {
    const Json* const list = entry.Find(section);
    if (list == nullptr || !list->IsArray()) continue;
    for (const Json& item : list->AsArray()) {
      const Json* const md5 = item.Find("md5");
      if (md5 != nullptr && md5->IsString() && !IsMd5(md5->AsString())) return false;
    }
  }
  return true;
}

}  // namespace

// The file is held as texts of its entries, which join to the whole. A file with comments or anchors, or of another shape, is
// held as one text and parsed for each change, as a change of one entry's text would lose what belongs to others.
struct DvcLock::Impl {
  std::vector<std::pair<std::string, Json>> entries;
  std::unordered_map<std::string, std::size_t> by_name;
  Json datasets;
  codec::YamlTree::Pieces pieces{std::string(kHead), {}, ""};
  std::optional<std::string> whole;  // in place of `pieces`
  bool was_cut = false;
  std::string doubtful;

  void Index() {
    by_name.clear();
    for (std::size_t i = 0; i < entries.size(); ++i) by_name.emplace(entries[i].first, i);
  }
  // Whether the pieces are those of the entries.
  bool Fits() const {
    if (entries.empty() || pieces.members.size() != entries.size()) return false;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (pieces.members[i].first != entries[i].first) return false;
    }
    return true;
  }
  template <class Change>
  void ChangeWhole(const Change& change) {
    Result<codec::YamlTree> tree = codec::YamlTree::Parse(*whole);
    if (!tree) return;  // was parsed before
    const std::optional<codec::YamlValue> stages = tree->root().IsMap() ? tree->root().Find(kStages) : std::nullopt;
    if (!stages || !stages->IsMap()) static_cast<void>(tree->Set({}, kStages, Json::Object{}).ok());
    static_cast<void>(change(*tree).ok());
    whole = tree->Write();
  }
};

DvcLock::DvcLock() : impl_(std::make_unique<Impl>()) {}
DvcLock::DvcLock(DvcLock&&) noexcept = default;
DvcLock& DvcLock::operator=(DvcLock&&) noexcept = default;
DvcLock::~DvcLock() = default;

Result<DvcLock> DvcLock::Parse(std::string_view text, std::string_view location, const Place& place) {
  TRY(const Json data, ReadCheckedYaml(text, location, place, SchemaKind::kDvcLock));
  DvcLock lock;
  Impl& impl = *lock.impl_;
  if (const Json* const stages = data.Find(kStages); stages != nullptr && stages->IsObject()) impl.entries = stages->AsObject();
  if (const Json* const datasets = data.Find("datasets")) impl.datasets = *datasets;
  impl.Index();
  if (text.find_first_of("#&") == text.npos) {
    TRY(const codec::YamlTree tree, codec::YamlTree::Parse(text));
    impl.pieces = tree.WritePieces(kStages);
  } else {
    impl.pieces = {};
  }
  if (!impl.Fits()) impl.whole = text;
  return lock;
}

Result<DvcLock> DvcLock::ParseCut(std::string_view text, std::string_view location, const Place& place) {
  const std::size_t whole = text.size();
  text = text.substr(0, text.find_last_not_of('\0') + 1);  // npos + 1 is 0
  Result<DvcLock> as_is = Parse(text, location, place);
  if (as_is) as_is->impl_->was_cut = text.size() < whole;
  if (!EndsInTheMiddle(text) || HasConflictMarks(text)) return as_is;
  if (as_is && !as_is->impl_->entries.empty() && HasWholeHashes(as_is->impl_->entries.back().second)) {
    as_is->impl_->was_cut = true;
    as_is->impl_->doubtful = as_is->impl_->entries.back().first;
    return as_is;
  }
  const std::size_t end = text.find_last_not_of(' ');  // the indentation of a line that never came
  const std::optional<std::string_view> rest = WithoutLastEntry(text.substr(0, end == text.npos ? 0 : end + 1));
  if (!rest) return as_is;
  Result<DvcLock> lock = BeginsTheFile(*rest) ? DvcLock() : Parse(*rest, location, place);
  if (!lock) return as_is;
  lock->impl_->was_cut = true;
  return lock;
}

bool DvcLock::WasCut() const { return impl_->was_cut; }
bool DvcLock::Doubtful(std::string_view name) const { return impl_->was_cut && impl_->doubtful == name; }

const Json* DvcLock::Find(std::string_view name) const {
  const auto found = impl_->by_name.find(std::string(name));
  return found == impl_->by_name.end() ? nullptr : &impl_->entries[found->second].second;
}

std::vector<std::string> DvcLock::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : impl_->entries) names.push_back(name);
  return names;
}

const Json& DvcLock::datasets() const { return impl_->datasets; }
bool DvcLock::Empty() const { return impl_->entries.empty(); }

bool DvcLock::Put(const Stage& stage) { return PutEntry(stage.name, LockedStage(stage)); }

bool DvcLock::PutEntry(std::string_view name, const Json& entry) {
  Impl& impl = *impl_;
  const auto found = impl.by_name.find(std::string(name));
  const bool is_new = found == impl.by_name.end();
  const bool changed = is_new || !PythonEqual(impl.entries[found->second].second, entry);
  const std::size_t at = is_new ? impl.entries.size() : found->second;
  if (is_new) {
    impl.by_name.emplace(std::string(name), at);
    impl.entries.emplace_back(std::string(name), entry);
  } else {
    impl.entries[at].second = entry;
  }
  if (impl.whole) {
    impl.ChangeWhole([&](codec::YamlTree& tree) { return tree.Set({std::string(kStages)}, name, entry); });
    return changed;
  }
  if (is_new) {
    impl.pieces.members.emplace_back(std::string(name), EntryText(name, entry));
  } else {
    impl.pieces.members[at].second = EntryText(name, entry);
  }
  return changed;
}

bool DvcLock::Remove(std::string_view name) {
  Impl& impl = *impl_;
  const auto found = impl.by_name.find(std::string(name));
  if (found == impl.by_name.end()) return false;
  const std::size_t at = found->second;
  impl.entries.erase(impl.entries.begin() + static_cast<std::ptrdiff_t>(at));
  impl.Index();
  if (impl.whole) {
    impl.ChangeWhole([&](codec::YamlTree& tree) { return tree.Remove({std::string(kStages)}, name); });
  } else {
    impl.pieces.members.erase(impl.pieces.members.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return true;
}

void DvcLock::PutDataset(const Json& dataset) {
  Impl& impl = *impl_;
  const std::string name = TextAt(dataset, "name");
  if (!impl.datasets.IsArray()) impl.datasets = Json::Array{};
  bool found = false;
  for (Json& one : impl.datasets.AsArray()) {
    if (TextAt(one, "name") != name) continue;
    one = dataset;
    found = true;
  }
  if (!found) impl.datasets.Push(dataset);
  impl.whole = Text();
  impl.ChangeWhole([&](codec::YamlTree& tree) { return tree.Set({}, "datasets", impl.datasets); });
}

bool DvcLock::GrowsAtEnd() const { return !impl_->whole && impl_->pieces.tail.empty() && !impl_->pieces.members.empty(); }

std::string_view DvcLock::TextOf(std::string_view name) const {
  const auto found = impl_->by_name.find(std::string(name));
  if (impl_->whole || found == impl_->by_name.end()) return {};
  return impl_->pieces.members[found->second].second;
}

std::string DvcLock::Text() const {
  const Impl& impl = *impl_;
  if (impl.whole) return *impl.whole;
  if (impl.pieces.members.empty() && impl.pieces.tail.empty()) return "schema: '2.0'\nstages: {}\n";
  std::size_t size = impl.pieces.head.size() + impl.pieces.tail.size();
  for (const auto& [name, text] : impl.pieces.members) size += text.size();
  std::string out;
  out.reserve(size);
  out += impl.pieces.head;
  for (const auto& [name, text] : impl.pieces.members) out += text;
  return out + impl.pieces.tail;
}

Json LockedStage(const Stage& stage) {
  Json entry = Json::Object{{"cmd", stage.cmd}};
  Json deps = Json::Array{};
  std::vector<std::pair<std::string, Json>> params;
  for (const Dependency* dep : ByPath(stage.deps)) {
    if (dep->kind != Dependency::Kind::kParams) {
      deps.Push(dep->kind == Dependency::Kind::kPath || dep->kind == Dependency::Kind::kDataset ? LockEntry(*dep)
                                                                                                : DvcFileEntry(*dep));
      continue;
    }
    // Keys of which nothing is recorded are left out; a whole file with nothing in it is not.
    if (!Truthy(dep->values) && !dep->keys.empty()) continue;
    const Json values = dep->values.IsObject() ? dep->values : Json(Json::Object{});
    const Json named = DvcFileEntry(*dep);
    params.emplace_back(TextAt(named, "path"), SortedKeys(values));
  }
  if (!deps.AsArray().empty()) entry.Set("deps", std::move(deps));
  if (!params.empty()) {
    std::stable_partition(params.begin(), params.end(), [](const auto& file) { return file.first == kDefaultParams; });
    Json files = Json::Object{};
    for (auto& [file, values] : params) files.Set(file, std::move(values));
    entry.Set("params", std::move(files));
  }
  Json outs = Json::Array{};
  for (const Output* out : ByPath(stage.outs)) outs.Push(LockEntry(*out));
  if (!outs.AsArray().empty()) entry.Set("outs", std::move(outs));
  return entry;
}

namespace {

const Json* EntryOf(const Json& entry, std::string_view section, std::string_view path) {
  const Json* const list = entry.Find(section);
  if (list == nullptr || !list->IsArray()) return nullptr;
  const Json* found = nullptr;
  for (const Json& item : list->AsArray()) {
    if (TextAt(item, "path") == path) found = &item;
  }
  return found;
}

template <class Item>
void FillContent(Item& item, const Json& recorded) {
  item.content = ReadContent(recorded, item.location);
  item.files = ReadFiles(recorded, item.location);
  if (item.files) item.content = ContentOfFiles(*item.files, item.content.hash_name);
}

void FillParams(Dependency& dep, const Json& entry) {
  const Json* const files = entry.Find("params");
  const Json* const values = files == nullptr ? nullptr : files->Find(dep.path);
  if (values == nullptr || !values->IsObject()) return;
  dep.values = Json::Object{};
  if (dep.keys.empty()) dep.values = *values;
  for (const std::string& key : dep.keys) {
    if (const Json* const value = values->Find(key)) dep.values.Set(key, *value);
  }
}

}  // namespace

void FillFromLock(Stage& stage, const Json* entry) {
  if (entry == nullptr || !Truthy(*entry)) return;
  stage.locked = true;
  const Json* const cmd = entry->Find("cmd");
  stage.command_changed = cmd == nullptr || !PythonEqual(*cmd, stage.cmd);
  for (Dependency& dep : stage.deps) {
    if (dep.kind == Dependency::Kind::kParams) {
      FillParams(dep, *entry);
      continue;
    }
    const Json* const recorded = EntryOf(*entry, "deps", dep.path);
    if (recorded == nullptr) continue;
    if (dep.kind == Dependency::Kind::kDataset) {
      if (const Json* const dataset = recorded->Find("dataset")) dep.dataset = *dataset;
    } else {
      FillContent(dep, *recorded);
    }
  }
  for (Output& out : stage.outs) {
    if (const Json* const recorded = EntryOf(*entry, "outs", out.path)) FillContent(out, *recorded);
  }
}

}  // namespace mlean::pipeline

#include "flows/add_labels.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "codec/csv.hpp"
#include "codec/json_list.hpp"
#include "os/files.hpp"
#include "registry/model_store.hpp"
#include "tables/reader.hpp"

namespace mlean::flows {
namespace {

constexpr std::size_t kMaxLabels = 1'000'000;
constexpr codec::JsonParseOptions kOne{.max_values = 1000};  // a label, with members that nobody asks for

Result<predictions::Label> MakeLabel(std::string id, std::string_view label, std::string_view row, std::string_view time) {
  predictions::Label out;
  out.id = std::move(id);
  out.label = std::string(label);
  if (!row.empty()) {
    const auto number = ParseInt(row);
    if (!number || *number < 0 || *number > 0xFFFFFFFF) {
      return Fail(Code::kInvalid, fmt::format("cannot add label of '{}': row '{}' is no row number", out.id, row));
    }
    out.row = static_cast<std::uint32_t>(*number);
  }
  if (!time.empty()) {
    TRY(out.event_time, ParseTime(time));
  }
  return out;
}

Result<std::vector<predictions::Label>> ReadCsvLabels(const std::filesystem::path& file) {
  TRY(const std::string text, os::ReadFile(file));
  codec::CsvReader reader(text);
  std::vector<std::string_view> fields;
  constexpr std::string_view kColumns[] = {"id", "label", "row", "time"};
  std::optional<std::size_t> place[4];
  std::vector<predictions::Label> out;
  for (bool header = true;; header = false) {
    TRY(const bool more, reader.Next(fields));
    if (!more) return out;
    if (header) {
      for (std::size_t i = 0; i < fields.size(); ++i) {
        for (std::size_t k = 0; k < 4; ++k) {
          if (fields[i] == kColumns[k]) place[k] = i;
        }
      }
      if (place[0] && place[1]) continue;
      return Fail(Code::kInvalid, fmt::format("cannot read labels of '{}': it needs the columns id and label", file.string()));
    }
    const auto field = [&](std::size_t k) { return place[k] ? fields[*place[k]] : std::string_view(); };
    TRY(predictions::Label one, MakeLabel(std::string(field(0)), field(1), field(2), field(3)));
    out.push_back(std::move(one));
  }
}

}  // namespace

Result<std::vector<predictions::Label>> ReadLabelFile(const std::filesystem::path& file) {
  if (file.extension() == ".csv") return ReadCsvLabels(file);  // without opening the table engine
  TRY(const auto engine, tables::Engine::Open());
  TRY(const types::Frame frame, tables::ReadFrame(*engine, {.path = file.string()}));
  const types::Column* id = frame.Find("id");
  const types::Column* label = frame.Find("label");
  const types::Column* row = frame.Find("row");
  if (id == nullptr || label == nullptr || id->kind != types::Kind::kText) {
    return Fail(Code::kInvalid,
                fmt::format("cannot read labels of '{}': it needs a text column id and a column label", file.string()));
  }
  std::vector<predictions::Label> out;
  for (std::size_t i = 0; i < frame.rows(); ++i) {
    if (id->Missing(i) || label->Missing(i)) continue;
    predictions::Label one;
    one.id = id->words[static_cast<std::size_t>(id->codes[i])];
    one.label = label->kind == types::Kind::kText   ? label->words[static_cast<std::size_t>(label->codes[i])]
                : label->kind == types::Kind::kBool ? (label->Number(i) != 0 ? "true" : "false")
                                                    : FormatDouble(label->Number(i));
    if (row != nullptr && !row->Missing(i)) one.row = static_cast<std::uint32_t>(row->Number(i));
    out.push_back(std::move(one));
  }
  return out;
}

namespace {

Result<predictions::Label> ReadLabel(const codec::Json& item) {
  TRY(std::string id, item.StringAt("id"));
  const codec::Json* label = item.Find("label");
  if (label == nullptr || label->IsNull() || label->IsArray() || label->IsObject()) {
    return Fail(Code::kInvalid, fmt::format("cannot add label of '{}': 'label' must be a number, a text or a bool", id));
  }
  TRY(const std::int64_t row, item.IntAt("row", std::int64_t{0}));
  TRY(const std::string time, item.StringAt("time", ""));
  const std::string text = label->IsString()   ? label->AsString()
                           : label->IsDouble() ? FormatDouble(label->AsDouble())
                                               : label->Dump();
  return MakeLabel(std::move(id), text, std::to_string(row), time);
}

}  // namespace

Result<std::vector<predictions::Label>> ParseLabels(std::string_view text) {
  if (!Trim(text).starts_with('[')) {
    TRYV(codec::Json::Parse(text, kOne));
    return Fail(Code::kInvalid, "cannot read labels: expected a list of {\"id\", \"label\"}");
  }
  std::vector<predictions::Label> out;
  TRYV(codec::ParseList(text, kOne, [&](const codec::Json& item) -> Result<void> {
    if (out.size() == kMaxLabels)
      return Fail(Code::kTooLarge, fmt::format("cannot add labels: over {} in one request", kMaxLabels));
    TRY(predictions::Label one, ReadLabel(item));
    out.push_back(std::move(one));
    return {};
  }));
  return out;
}

Result<predictions::LabelCounts> AddLabels(Workspace& workspace, const std::string& model,
                                           const std::vector<predictions::Label>& labels) {
  return workspace.db->Write([&](sql::Txn& txn) -> Result<predictions::LabelCounts> {
    // A model of mlean.yaml may have answered nothing yet; any other name must be a registered one.
    if (workspace.config.FindModel(model) == nullptr) {
      TRY(const registry::Model known, registry::GetModel(txn, model));
      static_cast<void>(known);
    }
    return predictions::AddLabels(txn, model, labels, workspace.Now());
  });
}

}  // namespace mlean::flows

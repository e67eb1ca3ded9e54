// `dvc ls` / `dvc list` / `list-url`: entries as lines, as a table with sizes and hashes, as a tree, as JSON. Bytes as DVC's when
// piped; with `colors` names are coloured by LS_COLORS as on a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.hpp"

namespace mlean::metrics {

struct ListEntry {
  std::string path;  // in a tree: the name
  bool is_out = false;
  bool is_dir = false;
  bool is_exec = false;
  std::optional<std::int64_t> size;
  std::string md5;                  // "" when unknown (JSON null)
  std::vector<ListEntry> contents;  // of a folder of a tree
};

struct ListOptions {
  bool size = false;
  bool hash = false;
  bool colors = false;
  std::string_view ls_colors;  // value of LS_COLORS; "" for DVC's default
};

std::string ListText(const std::vector<ListEntry>& entries, const ListOptions& options = {});
// `roots` is what was asked for: one entry named as DVC names it (".", or the path), with its contents.
std::string TreeText(const std::vector<ListEntry>& roots, const ListOptions& options = {});
// [{"isout", "isdir", "isexec", "size", "md5", "path"}]
codec::Json ListJson(const std::vector<ListEntry>& entries);

// "999", "1.46k", "12.3M": as DVC writes sizes.
std::string NaturalSize(std::int64_t bytes);

}  // namespace mlean::metrics

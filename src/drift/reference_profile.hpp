// Profile: one side of a drift comparison, prepared once: cleaned, sorted and counted, so that a window of requests can be
// compared with a training set again and again without sorting it again. Bounded: it can be stored with a model version.
//
//   const Profile reference = MakeProfile(training_frame);           // once, at training
//   store(EncodeProfile(reference));                                 // text, < 20 bytes a kept value
//   TRY(const Profile back, DecodeProfile(text));
//   TRY(const DatasetDrift drift, CompareProfiles(back, MakeProfile(window, {.like = &back}), options));
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "drift/methods.hpp"
#include "types/frame.hpp"

namespace mlean::drift {

struct CategoryCount {
  std::string value;
  std::int64_t count = 0;
};

// Cleaning: NaN, ±inf and missing values are dropped and counted in `missing`.
struct ColumnProfile {
  std::string name;
  ColumnType type = ColumnType::kNumeric;
  std::size_t rows = 0;                   // seen
  std::size_t missing = 0;                // dropped
  std::vector<double> sorted;             // numeric: the values, ascending; a sample when rows − missing > sorted.size()
  std::vector<CategoryCount> categories;  // categorical: every value, sorted by value, counts > 0
  double mean = 0;                        // numeric, of all kept rows (not the sample)
  double std = 0;                         // population standard deviation

  std::size_t count() const { return rows - missing; }
  bool sampled() const { return type == ColumnType::kNumeric && sorted.size() < count(); }
};

struct Profile {
  std::size_t rows = 0;
  std::vector<ColumnProfile> columns;

  const ColumnProfile* Find(std::string_view name) const;
};

struct ProfileOptions {
  std::size_t max_sample = 0;               // numeric values kept per column, evenly spaced in rank; 0 = all
  std::vector<std::string> columns;         // only these; empty = all but times
  std::map<std::string, ColumnType> types;  // against the default: real and int numeric, text and bool categorical
  const Profile* like = nullptr;            // take columns and types from this profile
  unsigned threads = 0;                     // 0 = one per core, at most 8
};
constexpr std::size_t kStoredSample = 20'000;

// Columns that `options` names and the frame lacks are left out. Deterministic: no random sampling.
Profile MakeProfile(const types::Frame& frame, const ProfileOptions& options = {});
ColumnProfile MakeColumnProfile(const types::Column& column, ColumnType type, std::size_t max_sample = 0);
// Real and int are numeric, text and bool categorical.
ColumnType DefaultType(const types::Column& column);

// Line text, versioned, "mlean-drift-profile 1"; doubles round-trip. Decode trusts nothing: kCorrupt on any deviation (unsorted
// values, counts that do not add up, over 10,000 columns, over 100 million rows …).
std::string EncodeProfile(const Profile& profile);
Result<Profile> DecodeProfile(std::string_view text);

}  // namespace mlean::drift

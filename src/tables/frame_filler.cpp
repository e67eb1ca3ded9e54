#include "tables/frame_filler.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

namespace mlean::tables {

using types::Column;
using types::Kind;
using types::kMissingCode;
using types::kMissingInt;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Kind KindOf(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER: return Kind::kInt;
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL: return Kind::kReal;
    case DUCKDB_TYPE_BOOLEAN: return Kind::kBool;
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS: return Kind::kTime;
    default: return Kind::kText;
  }
}

bool IsMissing(const std::uint64_t* validity, std::size_t row) {
  return validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0;
}

// Appends `count` converted values; `convert` sees valid values only.
template <class In, class Out, class Convert>
void Fill(std::vector<Out>& out, const void* data, const std::uint64_t* validity, std::size_t count, Out missing,
          Convert convert) {
  const In* in = static_cast<const In*>(data);
  const std::size_t start = out.size();
  out.resize(start + count);
  Out* to = out.data() + start;
  if (validity == nullptr) {
    for (std::size_t i = 0; i < count; ++i) to[i] = convert(in[i]);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) to[i] = IsMissing(validity, i) ? missing : convert(in[i]);
}

template <class In>
void FillInt(Column& column, const void* data, const std::uint64_t* validity, std::size_t count) {
  Fill<In>(column.ints, data, validity, count, kMissingInt, [](In value) { return static_cast<std::int64_t>(value); });
}

template <class In>
void FillReal(Column& column, const void* data, const std::uint64_t* validity, std::size_t count, double scale = 1) {
  if (scale == 1) {
    Fill<In>(column.reals, data, validity, count, kNan, [](In value) { return static_cast<double>(value); });
  } else {
    // Division, not multiplication by the inverse: 0.1 must come out as 0.1.
    Fill<In>(column.reals, data, validity, count, kNan, [scale](In value) { return static_cast<double>(value) / scale; });
  }
}

double HugeToReal(std::int64_t upper, std::uint64_t lower) {
  // Values that fit 64 bits are converted exactly rounded; beyond, two roundings are accepted.
  if (upper == 0) return static_cast<double>(lower);
  if (upper == -1 && lower != 0) return -static_cast<double>(~lower + 1);
  return std::ldexp(static_cast<double>(upper), 64) + static_cast<double>(lower);
}

std::int64_t FloorDiv(std::int64_t value, std::int64_t by) {
  const std::int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

void FillTime(Column& column, duckdb_type type, const void* data, const std::uint64_t* validity, std::size_t count) {
  constexpr std::int64_t kInfinity = std::numeric_limits<std::int64_t>::max();
  if (type == DUCKDB_TYPE_DATE) {
    constexpr std::int32_t kDateInfinity = std::numeric_limits<std::int32_t>::max();
    Fill<std::int32_t>(column.ints, data, validity, count, kMissingInt, [](std::int32_t days) {
      return days == kDateInfinity || days == -kDateInfinity ? kMissingInt : std::int64_t{days} * 86'400'000;
    });
    return;
  }
  // Multiplier for seconds, divisor for micro- and nanoseconds.
  const std::int64_t times = type == DUCKDB_TYPE_TIMESTAMP_S ? 1000 : 1;
  const std::int64_t by = type == DUCKDB_TYPE_TIMESTAMP_NS                                    ? 1'000'000
                          : type == DUCKDB_TYPE_TIMESTAMP || type == DUCKDB_TYPE_TIMESTAMP_TZ ? 1000
                                                                                              : 1;
  Fill<std::int64_t>(column.ints, data, validity, count, kMissingInt, [times, by](std::int64_t value) {
    if (value == kInfinity || value == -kInfinity) return kMissingInt;
    std::int64_t ms = 0;
    if (__builtin_mul_overflow(FloorDiv(value, by), times, &ms)) return kMissingInt;
    return ms;
  });
}

std::string_view TextOf(const duckdb_string_t& text) {
  // The union's two layouts are documented in duckdb.h: up to 12 bytes lie inside.
  const std::uint32_t length = text.value.inlined.length;
  return {length <= 12 ? text.value.inlined.inlined : text.value.pointer.ptr, length};
}

std::uint64_t HashText(std::string_view text) {
  // Multiply-xorshift over 8-byte words: cheaper than std::hash for short words, good enough for a table with comparisons.
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = text.size() * kMix;
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = (std::rotl(hash, 23) ^ word) * kMix;
    text.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  std::memcpy(&tail, text.data(), text.size());
  hash = (std::rotl(hash, 23) ^ tail) * kMix;
  return hash ^ (hash >> 32);
}

}  // namespace

bool FillsNatively(duckdb_type type) {
  return KindOf(type) != Kind::kText || type == DUCKDB_TYPE_VARCHAR || type == DUCKDB_TYPE_ENUM;
}

// Words to codes by open addressing; the words themselves live in the column.
class FrameFiller::TextPool {
 public:
  std::int32_t CodeOf(std::string_view text, std::vector<std::string>& words) {
    // Runs of one value are common in sorted files.
    if (last_ >= 0 && words[static_cast<std::size_t>(last_)] == text) return last_;
    if ((words.size() + 1) * 2 > slots_.size()) Grow(words);
    const std::uint64_t hash = HashText(text);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      Slot& slot = slots_[at];
      if (slot.code == kMissingCode) {
        slot = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::int32_t>(words.size())};
        words.emplace_back(text);
        return last_ = slot.code;
      }
      if (slot.tag == static_cast<std::uint32_t>(hash >> 32) && words[static_cast<std::size_t>(slot.code)] == text) {
        return last_ = slot.code;
      }
    }
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::int32_t code = kMissingCode;
  };
  void Grow(const std::vector<std::string>& words) {
    const std::size_t size = slots_.empty() ? 64 : slots_.size() * 4;
    slots_.assign(size, Slot{});
    mask_ = size - 1;
    for (std::size_t code = 0; code < words.size(); ++code) {
      const std::uint64_t hash = HashText(words[code]);
      std::size_t at = hash & mask_;
      while (slots_[at].code != kMissingCode) at = (at + 1) & mask_;
      slots_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::int32_t>(code)};
    }
  }
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::int32_t last_ = kMissingCode;
};

FrameFiller::FrameFiller(const DuckApi& api, duckdb_result& result) : api_(api) {
  const idx_t count = api.column_count(&result);
  for (idx_t i = 0; i < count; ++i) {
    Source source;
    source.type = api.column_type(&result, i);
    Column column;
    column.name = api.column_name(&result, i);
    column.kind = KindOf(source.type);
    if (source.type == DUCKDB_TYPE_DECIMAL || source.type == DUCKDB_TYPE_ENUM) {
      duckdb_logical_type logical = api.column_logical_type(&result, i);
      if (source.type == DUCKDB_TYPE_DECIMAL) {
        source.inner = api.decimal_internal_type(logical);
        source.scale = std::pow(10.0, api.decimal_scale(logical));
      } else {
        source.inner = api.enum_internal_type(logical);
        const std::uint32_t size = api.enum_dictionary_size(logical);
        for (std::uint32_t word = 0; word < size; ++word) {
          char* text = api.enum_dictionary_value(logical, word);
          source.enum_words.emplace_back(text);
          api.free(text);
        }
      }
      api.destroy_logical_type(&logical);
    }
    sources_.push_back(std::move(source));
    frame_.columns.push_back(std::move(column));
  }
  Start();
}

FrameFiller::~FrameFiller() = default;

void FrameFiller::Start() {
  rows_ = 0;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (frame_.columns[i].kind == Kind::kText) sources_[i].pool = std::make_unique<TextPool>();
  }
}

types::Frame FrameFiller::Take() {
  types::Frame out;
  for (const Column& column : frame_.columns) out.columns.push_back(Column{column.name, column.kind, {}, {}, {}, {}});
  std::swap(out, frame_);
  Start();
  return out;
}

void FrameFiller::Append(duckdb_data_chunk chunk) {
  const std::size_t count = api_.data_chunk_get_size(chunk);
  for (std::size_t i = 0; i < sources_.size(); ++i) AppendColumn(i, api_.data_chunk_get_vector(chunk, i), count);
  rows_ += count;
}

void FrameFiller::AppendColumn(std::size_t index, duckdb_vector vector, std::size_t count) {
  const void* data = api_.vector_get_data(vector);
  const std::uint64_t* validity = api_.vector_get_validity(vector);
  Column& column = frame_.columns[index];
  Source& source = sources_[index];
  const duckdb_type type = source.type == DUCKDB_TYPE_DECIMAL ? source.inner : source.type;
  const auto text = [&](auto to_view, auto in) {
    using In = decltype(in);
    Fill<In>(column.codes, data, validity, count, kMissingCode,
             [&](const In& value) { return source.pool->CodeOf(to_view(value), column.words); });
  };
  if (source.type == DUCKDB_TYPE_DECIMAL) {
    switch (type) {
      case DUCKDB_TYPE_SMALLINT: return FillReal<std::int16_t>(column, data, validity, count, source.scale);
      case DUCKDB_TYPE_INTEGER: return FillReal<std::int32_t>(column, data, validity, count, source.scale);
      case DUCKDB_TYPE_BIGINT: return FillReal<std::int64_t>(column, data, validity, count, source.scale);
      default:
        return Fill<duckdb_hugeint>(column.reals, data, validity, count, kNan, [&](const duckdb_hugeint& value) {
          return HugeToReal(value.upper, value.lower) / source.scale;
        });
    }
  }
  switch (type) {
    case DUCKDB_TYPE_TINYINT: return FillInt<std::int8_t>(column, data, validity, count);
    case DUCKDB_TYPE_SMALLINT: return FillInt<std::int16_t>(column, data, validity, count);
    case DUCKDB_TYPE_INTEGER: return FillInt<std::int32_t>(column, data, validity, count);
    case DUCKDB_TYPE_BIGINT: return FillInt<std::int64_t>(column, data, validity, count);
    case DUCKDB_TYPE_UTINYINT: return FillInt<std::uint8_t>(column, data, validity, count);
    case DUCKDB_TYPE_USMALLINT: return FillInt<std::uint16_t>(column, data, validity, count);
    case DUCKDB_TYPE_UINTEGER: return FillInt<std::uint32_t>(column, data, validity, count);
    case DUCKDB_TYPE_BOOLEAN: return FillInt<std::uint8_t>(column, data, validity, count);
    case DUCKDB_TYPE_UBIGINT: return FillReal<std::uint64_t>(column, data, validity, count);
    case DUCKDB_TYPE_FLOAT: return FillReal<float>(column, data, validity, count);
    case DUCKDB_TYPE_DOUBLE: return FillReal<double>(column, data, validity, count);
    case DUCKDB_TYPE_HUGEINT:
      return Fill<duckdb_hugeint>(column.reals, data, validity, count, kNan,
                                  [](const duckdb_hugeint& value) { return HugeToReal(value.upper, value.lower); });
    case DUCKDB_TYPE_UHUGEINT:
      return Fill<duckdb_uhugeint>(column.reals, data, validity, count, kNan, [](const duckdb_uhugeint& value) {
        return std::ldexp(static_cast<double>(value.upper), 64) + static_cast<double>(value.lower);
      });
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS: return FillTime(column, type, data, validity, count);
    case DUCKDB_TYPE_ENUM: {
      const auto word = [&](auto value) -> std::string_view {
        CHECK_BUG(value < source.enum_words.size());
        return source.enum_words[value];
      };
      if (source.inner == DUCKDB_TYPE_UTINYINT) return text(word, std::uint8_t{});
      if (source.inner == DUCKDB_TYPE_USMALLINT) return text(word, std::uint16_t{});
      return text(word, std::uint32_t{});
    }
    default: return text(TextOf, duckdb_string_t{});  // VARCHAR: Engine casts every other type to it
  }
}

}  // namespace mlean::tables

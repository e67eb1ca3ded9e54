// Rows as JSON text: the hot path and the parser agree on every text.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "infer/row_encoder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::infer;
  static const RowEncoder* const kEncoder = [] {
    ModelSchema schema;
    schema.features = {{"a", FeatureKind::kNumber, {}, true},
                       {"b", FeatureKind::kInteger, {}, false},
                       {"c", FeatureKind::kCategory, {"x", "7"}, false},
                       {"d", FeatureKind::kBoolean, {}, false},
                       {"e", FeatureKind::kTime, {}, false}};
    return new RowEncoder(schema, {.refuse_extra_columns = true});
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  float fast[5];
  float slow[5];
  const bool first = kEncoder->EncodeFlatJson(text, fast).ok();
  const mlean::Result<mlean::codec::Json> json = mlean::codec::Json::Parse(text);
  const bool second = json.ok() && json->IsObject() && kEncoder->Encode(*json, slow).ok();
  if (first != second) std::abort();
  for (int i = 0; first && i < 5; ++i) {
    if (fast[i] != slow[i] && !(std::isnan(fast[i]) && std::isnan(slow[i]))) std::abort();
  }
  return 0;
}

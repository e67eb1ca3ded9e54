// What the hot path takes must be what a whole parser reads: the same id, names and values.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "api/oip/usual_request.hpp"
#include "codec/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::codec::Json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mlean::api::oip::UsualRequest usual;
  if (!mlean::api::oip::ReadUsualRequest(text, usual)) return 0;
  const mlean::Result<Json> row = Json::Parse(usual.row);
  if (!row) return 0;  // an odd number or a repeated name: found by who reads the row
  const mlean::Result<Json> whole = Json::Parse(text);
  if (!whole || *whole->StringAt("id", "") != usual.id) std::abort();
  const Json* const inputs = whole->Find("inputs");
  if (inputs == nullptr || inputs->AsArray().size() != row->AsObject().size()) std::abort();
  for (std::size_t i = 0; i < row->AsObject().size(); ++i) {
    const Json& tensor = inputs->AsArray()[i];
    const auto& [name, value] = row->AsObject()[i];
    if (tensor.Find("name")->AsString() != name || tensor.Find("data")->AsArray().at(0) != value) std::abort();
  }
  return 0;
}

// YAML in the dialect that DVC writes (ruamel.yaml 0.19 round-trip dumper, default_flow_style=False, width 80): block style, list
// items not indented under their key, null as nothing, empty [] and {}, floats as Python's repr, quotes only where the plain text
// would read as something else. The bytes equal DVC's for the same value.
#pragma once

#include <string>
#include <string_view>

#include "codec/json.hpp"

namespace mlean::codec {

// A whole document, ending with a newline. `value` is an object or a list (a bare scalar gets ruamel's "..." end line).
std::string WriteYaml(const Json& value);

// One line: flow style for collections ("[a, {b: 1}]"); for splicing into flow collections.
std::string WriteYamlFlow(const Json& value);

}  // namespace mlean::codec

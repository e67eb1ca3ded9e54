// Texts as Python writes them: needed wherever a hash or a file format is defined by what Python's json, repr or sort gives
// (DVC's .dir objects, dvc.lock, run cache keys). Strings are UTF-8; a byte that is not part of valid UTF-8 counts as the lone
// surrogate U+DC80..U+DCFF, as in Python's "surrogateescape". All pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/json.hpp"

namespace mlean::codec {

// repr(float): "0.1", "3.0", "1e-05", "1e+16", "-0.0"; not-a-number and infinities as "nan", "inf", "-inf".
void AppendPythonFloat(std::string& out, double value);
std::string PythonFloat(double value);

// json.dumps(str): ASCII only, "\uXXXX" in lower-case hex, surrogate pairs above U+FFFF.
void AppendPythonJsonString(std::string& out, std::string_view text);

// str(value) and repr(value) of what json.loads would give: "None", "True", "['a', 1]", "{'k': 'it''s'}" with Python's quotes.
std::string PythonStr(const Json& value);
std::string PythonRepr(const Json& value);
// repr(str): single quotes unless only those are in it; unprintable characters as \x, \u, \U.
void AppendPythonRepr(std::string& out, std::string_view text);

// int(digits, base), of digits alone: int64 where it fits, else a BigInteger. nullopt: other characters, or over 4300, Python's
// limit.
std::optional<Json> PythonInteger(std::string_view digits, int base, bool negative);
// Python's == of two numbers or bools; exact.
bool PythonSameNumber(const Json& a, const Json& b);

// Whether Python sorts a before b: by code point.
bool PythonLess(std::string_view a, std::string_view b);

}  // namespace mlean::codec

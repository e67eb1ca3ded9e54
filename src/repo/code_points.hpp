// Inside of the repo room: text as Python sees it, by code points. A byte that is no valid UTF-8 is U+DC80..U+DCFF, as Python's
// "surrogateescape" makes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mlean::repo {

std::u32string Decode(std::string_view utf8);
std::string Encode(std::u32string_view text);
// "" or Python's words about the first bad byte: "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte".
std::string Utf8Fault(std::string_view bytes);

bool IsPythonSpace(char32_t c);  // str.isspace and \s
std::u32string_view PythonStrip(std::u32string_view text);
std::string_view PythonStrip(std::string_view utf8);
// str.splitlines(keepends=True): at \n \r \r\n and also \v \f \x1c-\x1e \x85 U+2028 U+2029.
std::vector<std::u32string_view> PythonLines(std::u32string_view text);
// repr(str)
std::string PythonRepr(std::string_view utf8);
// repr(list of str)
std::string PythonRepr(const std::vector<std::string>& items);

}  // namespace mlean::repo

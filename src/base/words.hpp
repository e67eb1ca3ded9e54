// What MLflow takes for a letter in names: \w of Python's regular expressions, that is letters and digits of every script, and
// '_'. Signs, emoji and combining accents are none. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace mlean {

bool IsWordCharacter(char32_t point);
// Code points of valid UTF-8: what limits on the length of names count.
std::size_t CountCharacters(std::string_view text);
// Whether `text` is UTF-8 and has only word characters and those of `others`, which are ASCII.
bool IsMadeOfWords(std::string_view text, std::string_view others);

}  // namespace mlean

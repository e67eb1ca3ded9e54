// Excerpts of source text as DVC prints them on stderr (at a width of 80): numbered lines, guides in the indentation, words
// wrapped. Inner header of the pipeline room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mlean::pipeline {

// A sentence, wrapped; every line ends with a newline.
std::string WrapSentence(std::string_view text);
// Lines first … last (from 1) of `text`, whose own first line has the number `start`.
std::string Excerpt(std::string_view text, std::size_t start, std::size_t first, std::size_t last);

}  // namespace mlean::pipeline

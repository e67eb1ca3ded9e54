// Inside of the remotes room: the XML answers of stores, read as they come, without a tree.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::remotes {

// Calls `on_text` for every element that closes, with the names of the elements around it (without name-space prefixes; the
// last one is its own) and its own text, entities resolved. kCorrupt "cannot read the answer: <cause>" for text that is no XML,
// is nested deeper than 64 or has a document type. kUnsupported when libexpat is not installed.
using XmlSink = std::function<Result<void>(std::span<const std::string> path, std::string_view text)>;
Result<void> ReadXml(std::string_view text, const XmlSink& on_text);

// The error in the body of a refusal: <Error><Code>…</Code><Message>…</Message></Error>. Nothing for any other text.
struct XmlError {
  std::string code;
  std::string message;
};
std::optional<XmlError> ReadXmlError(std::string_view body);

// Escapes & < > for element text.
std::string XmlEscape(std::string_view text);

}  // namespace mlean::remotes

#include "remotes/xml.hpp"

#include <expat.h>
#include <fmt/core.h>

#include <climits>

#include "base/text.hpp"
#include "os/dynlib.hpp"

namespace mlean::remotes {
namespace {

constexpr std::size_t kMaxDepth = 64;

// The functions of libexpat that are used; filled once, then only read.
struct Expat {
  decltype(&XML_ParserCreate) parser_create = nullptr;
  decltype(&XML_ParserFree) parser_free = nullptr;
  decltype(&XML_SetUserData) set_user_data = nullptr;
  decltype(&XML_SetElementHandler) set_element_handler = nullptr;
  decltype(&XML_SetCharacterDataHandler) set_text_handler = nullptr;
  decltype(&XML_SetStartDoctypeDeclHandler) set_doctype_handler = nullptr;
  decltype(&XML_Parse) parse = nullptr;
  decltype(&XML_StopParser) stop = nullptr;
  decltype(&XML_GetErrorCode) error_code = nullptr;
  decltype(&XML_ErrorString) error_string = nullptr;
};

Result<Expat> OpenExpat() {
  constexpr std::string_view kNames[] = {"libexpat.so.1"};
  TRY(const os::Library library, os::Library::Open(kNames, "read the answers of stores", "apt-get install libexpat1"));
  Expat expat;
  TRY(expat.parser_create, library.Symbol<decltype(&XML_ParserCreate)>("XML_ParserCreate"));
  TRY(expat.parser_free, library.Symbol<decltype(&XML_ParserFree)>("XML_ParserFree"));
  TRY(expat.set_user_data, library.Symbol<decltype(&XML_SetUserData)>("XML_SetUserData"));
  TRY(expat.set_element_handler, library.Symbol<decltype(&XML_SetElementHandler)>("XML_SetElementHandler"));
  TRY(expat.set_text_handler, library.Symbol<decltype(&XML_SetCharacterDataHandler)>("XML_SetCharacterDataHandler"));
  TRY(expat.set_doctype_handler, library.Symbol<decltype(&XML_SetStartDoctypeDeclHandler)>("XML_SetStartDoctypeDeclHandler"));
  TRY(expat.parse, library.Symbol<decltype(&XML_Parse)>("XML_Parse"));
  TRY(expat.stop, library.Symbol<decltype(&XML_StopParser)>("XML_StopParser"));
  TRY(expat.error_code, library.Symbol<decltype(&XML_GetErrorCode)>("XML_GetErrorCode"));
  TRY(expat.error_string, library.Symbol<decltype(&XML_ErrorString)>("XML_ErrorString"));
  return expat;
}

const Result<Expat>& TheExpat() {
  static const Result<Expat> expat = OpenExpat();
  return expat;
}

Error Bad(std::string_view cause) { return Fail(Code::kCorrupt, fmt::format("cannot read the answer: {}", cause)); }

// One reading. The stacks hold the open elements and their own text.
struct Reading {
  const Expat& expat;
  const XmlSink& sink;
  XML_Parser parser = nullptr;
  std::vector<std::string> names;
  std::vector<std::string> texts;
  Result<void> outcome;

  void Stop(Error error) {
    if (!outcome) return;
    outcome = std::move(error);
    expat.stop(parser, XML_FALSE);
  }

  static void OnStart(void* context, const XML_Char* name, const XML_Char**) {
    Reading& self = *static_cast<Reading*>(context);
    if (self.names.size() >= kMaxDepth) return self.Stop(Bad("it is nested too deep"));
    std::string_view local(name);
    if (const std::size_t colon = local.rfind(':'); colon != std::string_view::npos) local.remove_prefix(colon + 1);
    self.names.emplace_back(local);
    self.texts.emplace_back();
  }
  static void OnText(void* context, const XML_Char* text, int size) {
    Reading& self = *static_cast<Reading*>(context);
    if (!self.texts.empty()) self.texts.back().append(text, static_cast<std::size_t>(size));
  }
  static void OnEnd(void* context, const XML_Char*) {
    Reading& self = *static_cast<Reading*>(context);
    if (self.names.empty() || !self.outcome) return;
    Result<void> done = self.sink(self.names, self.texts.back());
    if (!done) return self.Stop(std::move(done).error());
    self.names.pop_back();
    self.texts.pop_back();
  }
  static void OnDoctype(void* context, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Reading*>(context)->Stop(Bad("it has a document type"));
  }
};

}  // namespace

Result<void> ReadXml(std::string_view text, const XmlSink& on_text) {
  const Result<Expat>& expat = TheExpat();
  if (!expat) return expat.error();
  if (text.size() > INT_MAX) return Bad("it is too large");
  Reading reading{.expat = *expat, .sink = on_text};
  reading.parser = expat->parser_create(nullptr);
  if (reading.parser == nullptr) return Fail(Code::kInternal, "cannot read the answer: libexpat makes no parser");
  expat->set_user_data(reading.parser, &reading);
  expat->set_element_handler(reading.parser, &Reading::OnStart, &Reading::OnEnd);
  expat->set_text_handler(reading.parser, &Reading::OnText);
  expat->set_doctype_handler(reading.parser, &Reading::OnDoctype);
  const XML_Status status = expat->parse(reading.parser, text.data(), static_cast<int>(text.size()), 1);
  if (status != XML_STATUS_OK && reading.outcome) {
    reading.outcome = Bad(fmt::format("it is no XML ({})", expat->error_string(expat->error_code(reading.parser))));
  }
  expat->parser_free(reading.parser);
  return reading.outcome;
}

std::optional<XmlError> ReadXmlError(std::string_view body) {
  const std::string_view start = Trim(body.substr(0, 100));
  if (!start.starts_with('<') && !start.starts_with("\xEF\xBB\xBF<")) return std::nullopt;
  XmlError error;
  const Result<void> read = ReadXml(body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path.size() != 2 || path[0] != "Error") return {};
    if (path[1] == "Code") error.code = Trim(text);
    if (path[1] == "Message") error.message = Trim(text.substr(0, text.find('\n'))).substr(0, 300);
    return {};
  });
  if (!read || error.code.empty()) return std::nullopt;
  return error;
}

std::string XmlEscape(std::string_view text) {
  return ReplaceAll(ReplaceAll(ReplaceAll(text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

}  // namespace mlean::remotes

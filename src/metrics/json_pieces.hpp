// JsonPieces: what Json::DumpPython writes of a large value, whose members are made and leave one after the other.
//
//   JsonPieces out(sink);
//   out.Open('{');
//   out.Open('[', "added");
//   for (…) out.Add(entry);
//   out.Close(']');
//   out.Close('}');          // {"added": […]}
#pragma once

#include <string>
#include <string_view>

#include "codec/json.hpp"
#include "metrics/text_pieces.hpp"

namespace mlean::metrics {

class JsonPieces {
 public:
  explicit JsonPieces(const TextSink& sink) : out_(sink) {}

  // `name`: of a member; plain characters.
  void Open(char bracket, std::string_view name = {}) {
    Separate();
    if (!name.empty()) out_.Add("\"" + std::string(name) + "\": ");
    out_.Add({&bracket, 1});
    first_ = true;
  }
  void Add(const codec::Json& item) {
    Separate();
    out_.Add(item.DumpPython());
  }
  void Add(std::string_view name, const codec::Json& member) {
    Separate();
    out_.Add(codec::Json(name).DumpPython() + ": " + member.DumpPython());
  }
  void Close(char bracket) {
    out_.Add({&bracket, 1});
    first_ = false;
  }

 private:
  void Separate() {
    if (!first_) out_.Add(", ");
    first_ = false;
  }

  TextPieces out_;
  bool first_ = true;
};

}  // namespace mlean::metrics
